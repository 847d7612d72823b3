"""A plugin of ariadne-codegen that corrects types of version 0.19; `pyproject.toml` names it."""

import ast
from typing import Any

from ariadne_codegen import Plugin
from graphql import ExecutableDefinitionNode, GraphQLSchema, is_abstract_type


class ExactTypes(Plugin):
    """The generated client as it is, for mypy to understand. What it does stays the same.

    * An interface is the union of its types, without itself, for no answer is of the interface: a
      program has `StockUpdateApplied` and `StockUpdateFailed` to tell apart, and no third type.
    * What stands in for websockets where that is not installed goes, for mypy refuses it:
      https://github.com/mirumee/ariadne-codegen/issues/463.
    """

    def __init__(self, schema: GraphQLSchema, config_dict: dict[str, Any]) -> None:
        super().__init__(schema, config_dict)
        self._interfaces: set[str] = set()  # their classes

    def generate_result_types_module(
        self,
        module: ast.Module,
        operation_definition: ExecutableDefinitionNode,  # noqa: ARG002 - the hook has it
    ) -> ast.Module:
        return self._exact(module)

    def generate_client_module(self, module: ast.Module) -> ast.Module:
        return self._exact(module)

    def copy_code(self, copied_code: str) -> str:
        """Of each `try: import` only the import is left."""
        module = ast.parse(copied_code)
        module.body = [
            one
            for statement in module.body
            for one in (statement.body if isinstance(statement, ast.Try) else [statement])
        ]
        return ast.unparse(module)

    def _exact(self, module: ast.Module) -> ast.Module:
        self._interfaces |= {
            one.name
            for one in module.body
            if isinstance(one, ast.ClassDef) and self._is_interface(one)
        }
        for union in ast.walk(module):
            if isinstance(union, ast.Tuple):
                union.elts = [one for one in union.elts if _text(one) not in self._interfaces]
        return module

    def _is_interface(self, class_: ast.ClassDef) -> bool:
        """Whether its `__typename` would have to be that of an interface, and of nothing else."""
        for field in class_.body:
            match field:
                case ast.AnnAssign(
                    target=ast.Name(id="typename__"), annotation=ast.Subscript(slice=only)
                ):
                    return is_abstract_type(self.schema.type_map.get(_text(only)))
        return False


def _text(node: ast.expr) -> str:
    """Of a name, which may stand in quotation marks."""
    return ast.unparse(node).strip("\"'")

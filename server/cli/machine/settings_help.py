"""The settings for `--help`: the variable of each, its default and its meaning."""

import ast
import inspect
from collections.abc import Mapping
from itertools import pairwise

from server.settings import Settings


def rows() -> list[tuple[str, str]]:
    """Return a row for each setting, made of its field in `Settings`."""
    meaning = meanings()
    return [
        (name.upper(), f"{meaning[name]} [default: {_shown(field.default)}]")
        for name, field in Settings.model_fields.items()
    ]


def meanings() -> Mapping[str, str]:
    """Return the text below each field in the source of `Settings`."""
    (definition,) = ast.parse(inspect.getsource(Settings)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    found = {}
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = text
    return found


def _shown(default: object) -> str:
    if default is None:
        return "none"
    return str(default).lower() if isinstance(default, bool) else str(default)

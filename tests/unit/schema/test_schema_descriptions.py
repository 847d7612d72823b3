"""Check that every name of the schema is described, and every limit written where it applies."""

import re

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_specified_directive,
)

from schema.limits import text as query_text
from server.kinds.registry import KINDS
from server.settings import Settings
from tests.support.built_schema import BUILT, inputs, own_types, shape

# a name of every kind, and no description that says anything
BARE = """
directive @mark(note: Int) on FIELD
type Query { field(argument: Int): Answer }
type Mutation { change: Int }
type Subscription { watched: Int }
interface Answer { answer: Int }
type Yes implements Answer { answer: Int }
union Either = Yes | No
type No { no: Int }
input Sent { field: Int }
input Choice @oneOf { one: Int }
enum Kind { VALUE }
"." scalar Moment
"""
NAMED_IN_BARE = [
    *("@mark", "@mark(note)", "Query", "Query.field", "Query.field(argument)"),
    *("Mutation", "Mutation.change", "Subscription", "Subscription.watched"),
    *("Answer", "Answer.answer", "Yes", "Yes.answer", "Either", "No", "No.no"),
    *("Sent", "Sent.field", "Choice", "Choice.one", "Kind", "Kind.VALUE", "Moment"),
]
# what an input of a type has to say of its limits; a list says so of its length
LIMITS: dict[str, str] = {
    "Int": r"-?\d+ to \d+",
    "Float": r"-?\d+ to \d+",
    "String": r"[\d ]*\d (printable ASCII )?characters|cursor",
    "ID": r"24 hexadecimal characters",
    "Boolean": r"True: .*(Default: |False: )",
}
SHORTEST = len("Always null.")  # a description; what is shorter says nothing
LENGTH = r"(1 to|at most) \d[\d ]*\d"


def descriptions(built: GraphQLSchema) -> dict[str, str | None]:
    """Return every name of a schema, with its description."""
    found: dict[str, str | None] = {}
    for directive in built.directives:
        if not is_specified_directive(directive):
            found[f"@{directive.name}"] = directive.description
            for name, argument in directive.args.items():
                found[f"@{directive.name}({name})"] = argument.description
    for one in own_types(built):
        found[one.name] = one.description
        if isinstance(one, GraphQLEnumType):
            found |= {f"{one.name}.{name}": value.description for name, value in one.values.items()}
        elif isinstance(one, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in one.fields.items():
                found[f"{one.name}.{field_name}"] = field.description
                for argument_name, argument in getattr(field, "args", {}).items():
                    place = f"{one.name}.{field_name}({argument_name})"
                    found[place] = argument.description
    return found


def undescribed(built: GraphQLSchema) -> list[str]:
    return [name for name, text in descriptions(built).items() if len(text or "") < SHORTEST]


def test_every_name_has_a_description() -> None:
    described = descriptions(BUILT)

    assert set(described) == set(shape(BUILT))
    assert undescribed(BUILT) == []


def test_a_name_without_a_description_is_found_whatever_it_is() -> None:
    assert sorted(undescribed(build_schema(BARE))) == sorted(NAMED_IN_BARE)


def test_every_input_says_what_it_may_be() -> None:
    silent = []
    for name, one in inputs(BUILT):
        kind, text = get_nullable_type(one.type), one.description or ""
        if isinstance(kind, GraphQLList) and not re.search(LENGTH, text, re.IGNORECASE):
            silent.append(name)
        allowed = LIMITS.get(get_named_type(kind).name)
        if allowed and not re.search(allowed, text):
            silent.append(name)

    assert silent == []


def test_what_can_be_null_says_when() -> None:
    nullable = [
        (f"{one.name}.{name}", field.description or "")
        for one in own_types(BUILT)
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in one.fields.items()
        if not isinstance(field.type, GraphQLNonNull)
    ]

    assert len(nullable) == 50
    assert [name for name, text in nullable if "null" not in text] == []


def test_every_limit_is_written_where_it_applies() -> None:
    described = descriptions(BUILT)

    def text(name: str) -> str:
        return described[name] or ""

    for argument in ("batchUpdateStock(updates)", "batchDiscontinueProducts(productIds)"):
        assert "At most 10 000, or 5 000 with `atomic: true`" in text(f"Mutation.{argument}")
    for argument in (
        "batchCreateProducts(products)",
        "batchUpdateProducts(updates)",
        "batchDeleteProducts(deletes)",
    ):
        assert "At most 5 000, or 10 000 with `atomic: false`" in text(f"Mutation.{argument}")
    for kind in ("Stock", "Discontinue", "Create", "Update", "Delete"):
        options = f"Batch{kind}Options"
        assert "5 000" in text(f"{options}.atomic")
        assert "1 to 1000. Default: 500" in text(f"{options}.batchSize")
    for connection in ("products", "stockUpdates", "batchOperations"):
        assert "1 to 1000. Default: 50." in text(f"Query.{connection}(first)")
    assert "1 to 1000. Default: 50." in text("BatchOperation.results(first)")
    assert "1 000" in text("ProductFilter.ids")
    assert "-2147483647 to 2147483647" in text("StockUpdateInput.quantity")
    for kind in ("Create", "Update"):
        assert "1 to 3153600000000" in text(f"Batch{kind}Options.expireIn")
    for fields in ("CreateProductInput", "ProductPatch"):
        assert "1 to 200 characters" in text(f"{fields}.name")
        assert "0 to 2147483647" in text(f"{fields}.price")
        assert "1 to 100 characters" in text(f"{fields}.category")
    assert "0 to 2147483647" in text("CreateProductInput.stock")


def test_every_limit_of_the_background_is_written_where_it_applies() -> None:
    described = descriptions(BUILT)
    kinds = BUILT.type_map["BatchOperationInput"]
    assert isinstance(kinds, GraphQLInputObjectType)
    kind_names = [str(kind.type) for kind in kinds.fields.values()]

    def text(name: str) -> str:
        return described[name] or ""

    assert "100 000" in text("Mutation.submitBatch(operation)")
    assert "QUEUE_FULL" in text("Mutation.submitBatch")
    assert len(kind_names) == len(KINDS)
    for kind in kind_names:
        (items,) = described.keys() & {f"{kind}.{declared.argument}" for declared in KINDS.values()}
        assert "1 to 100 000 unless the server is set up otherwise" in text(items)
        assert "1 to 1000. Default: 500" in text(f"{kind}.batchSize")
    assert "0 to 2147483647" in text("UpdatePriceBatch.newPrice")
    assert "Default: false" in text("DeleteProductsBatch.cascadeDelete")
    for kind in ("Create", "Update"):
        assert "1 to 3153600000000" in text(f"{kind}ProductsBatch.expireIn")
    assert "0.1 s" in text("Subscription.batchProgress")
    assert "120 s" in text("BatchAlertKind.SLOW")
    assert "50%" in text("BatchAlertKind.HIGH_FAILURE_RATE")


def test_the_limits_that_are_written_out_are_those_of_the_server() -> None:
    described = descriptions(BUILT)
    tokens = f"{query_text.MOST_TOKENS:,} tokens".replace(",", " ")
    days = f"{Settings.model_fields['batch_retention_days'].default} days after its end"

    assert tokens in (described["Mutation.submitBatch(operation)"] or "")
    for name in ("batchOperation", "batchOperations"):
        assert days in (described[f"Query.{name}"] or "")


def test_the_rules_of_a_key_are_written_where_one_is_given() -> None:
    keys = [text or "" for name, text in descriptions(BUILT).items() if "(idempotencyKey)" in name]

    assert len(keys) == 6
    for text in [*keys, descriptions(BUILT)["Mutation.retryBatch"] or ""]:
        assert "1 to 200 printable ASCII characters" in text
        assert "kept 7 days" in text
        assert "`Idempotency-Key`" in text


def test_every_default_is_written_where_it_applies() -> None:
    described = descriptions(BUILT)
    defaults = {
        "atomic": "true",
        "continueOnError": "false",
        "validateBeforeWrite": "true",
        "returnPartialResults": "false",
        "returnDeletedItems": "false",
        "cascadeDelete": "false",
        "dryRun": "false",
    }

    for kind in ("Create", "Update", "Delete"):
        options = BUILT.type_map[f"Batch{kind}Options"]
        assert isinstance(options, GraphQLInputObjectType)
        for name in options.fields.keys() & defaults.keys():
            assert f"Default: {defaults[name]}" in (described[f"{options.name}.{name}"] or "")
    for kind in ("Stock", "Discontinue"):
        assert "Default: false" in (described[f"Batch{kind}Options.atomic"] or "")

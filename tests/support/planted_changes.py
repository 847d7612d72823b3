"""Plant single changes in a schema; each comes with what is to be said of it."""

BEFORE = """
directive @tag(name: String!, note: String) repeatable on FIELD | QUERY

schema { query: Query  mutation: Mutation  subscription: Subscription }
type Query { shelf(id: ID!, depth: Int! = 1, tags: [String]): Shelf  things: [Thing!]! }
type Mutation { put(shelf: ShelfInput!): Shelf! }
type Subscription { watched: Shelf! }

interface Named { name: String! }
interface Sized { size(unit: Int! = 1): Int }
type Shelf implements Named { name: String!  size: Int  boxes(first: Int): [Box!] }
type Box { weight: Float!  since: Moment }
type Crate { id: ID!  weight: Float! }
union Thing = Box | Crate
enum Mode { FAST SAFE }
input ShelfInput { name: String!  size: Int = 3  room: Int! = 1  mode: Mode }
input Choice { a: Int  b: Int }
input Spare { a: Int }
scalar Moment
type Old { gone: String @deprecated(reason: "it goes soon") }
"""

# the change: what is replaced, by what, and all that is said
BREAKING: dict[str, tuple[str, str, list[str]]] = {
    "a type is removed": ("input Spare { a: Int }", "", ["Spare was removed."]),
    "a type gets another kind": (
        "input Spare {",
        "type Spare {",
        ["Spare changed from an Input type to an Object type."],
    ),
    "a scalar is removed": (
        "scalar Moment",
        "enum Moment { NOW }",
        ["Moment changed from a Scalar type to an Enum type."],
    ),
    "a field is removed": (
        "{ name: String!  size: Int  boxes",
        "{ name: String!  boxes",
        ["Field Shelf.size was removed."],
    ),
    "a deprecated field is removed": (
        'gone: String @deprecated(reason: "it goes soon")',
        "left: String",
        ["Field Old.gone was removed."],
    ),
    "a field of an interface is removed": (
        "interface Named { name: String! }",
        "interface Named { title: String }  extend type Shelf { title: String }",
        ["Field Named.name was removed."],
    ),
    "a query is removed": (
        "things: [Thing!]!",
        "",
        ["Field Query.things was removed."],
    ),
    "a field gets another type": (
        "since: Moment",
        "since: String",
        ["Field Box.since changed type from Moment to String."],
    ),
    "a field becomes nullable": (
        "put(shelf: ShelfInput!): Shelf!",
        "put(shelf: ShelfInput!): Shelf",
        ["Field Mutation.put changed type from Shelf! to Shelf."],
    ),
    "what a list holds becomes nullable": (
        "things: [Thing!]!",
        "things: [Thing]!",
        ["Field Query.things changed type from [Thing!]! to [Thing]!."],
    ),
    "a list becomes one": (
        "boxes(first: Int): [Box!]",
        "boxes(first: Int): Box",
        ["Field Shelf.boxes changed type from [Box!] to Box."],
    ),
    "an argument is removed": (
        "boxes(first: Int)",
        "boxes",
        ["Argument Shelf.boxes(first:) was removed."],
    ),
    "an argument gets another type": (
        "shelf(id: ID!,",
        "shelf(id: Int!,",
        ["Argument Query.shelf(id:) has changed type from ID! to Int!."],
    ),
    "an argument becomes required": (
        "boxes(first: Int)",
        "boxes(first: Int!)",
        ["Argument Shelf.boxes(first:) has changed type from Int to Int!."],
    ),
    "what an argument's list holds becomes required": (
        "tags: [String]",
        "tags: [String!]",
        ["Argument Query.shelf(tags:) has changed type from [String] to [String!]."],
    ),
    "a required argument is added": (
        "boxes(first: Int)",
        "boxes(first: Int, of: ID!)",
        ["A required argument Shelf.boxes(of:) was added."],
    ),
    "an input field is removed": (
        "input Choice { a: Int  b: Int }",
        "input Choice { a: Int }",
        ["Field Choice.b was removed."],
    ),
    "an input field gets another type": (
        "input Spare { a: Int }",
        "input Spare { a: Float }",
        ["Field Spare.a changed type from Int to Float."],
    ),
    "an input field becomes required": (
        "mode: Mode",
        "mode: Mode!",
        ["Field ShelfInput.mode changed type from Mode to Mode!."],
    ),
    "a required input field is added": (
        "input Spare { a: Int }",
        "input Spare { a: Int  b: Int! }",
        ["A required field Spare.b was added."],
    ),
    "an input becomes one of its fields": (
        "input Choice {",
        "input Choice @oneOf {",
        ["Choice became @oneOf."],
    ),
    "a value is removed": ("FAST SAFE", "SAFE", ["Enum value Mode.FAST was removed."]),
    "a member of a union is removed": (
        "union Thing = Box | Crate",
        "union Thing = Box",
        ["Crate was removed from union type Thing."],
    ),
    "an interface is taken from a type": (
        "type Shelf implements Named {",
        "type Shelf {",
        ["Shelf no longer implements interface Named."],
    ),
    "a root is taken away": (
        "  subscription: Subscription }",
        " }",
        ["Subscription is not the root of a subscription any more."],
    ),
    "the root of the queries is another type": (
        "schema { query: Query",
        "schema { query: Box",
        ["Query is not the root of a query any more."],
    ),
    "a root is another type": (
        "mutation: Mutation",
        "mutation: Crate",
        ["Mutation is not the root of a mutation any more."],
    ),
    "a directive is removed": (
        "directive @tag(name: String!, note: String) repeatable on FIELD | QUERY",
        "",
        ["Directive @tag was removed."],
    ),
    "a directive's argument is removed": (
        "note: String) rep",
        ") rep",
        ["Argument @tag(note:) was removed."],
    ),
    "a directive's argument becomes required": (
        "note: String) rep",
        "note: String!) rep",
        ["Argument @tag(note:) has changed type from String to String!."],
    ),
    "a directive gets a required argument": (
        "note: String) rep",
        "note: String, by: ID!) rep",
        ["A required argument @tag(by:) was added."],
    ),
    "a directive loses a place": ("FIELD | QUERY", "QUERY", ["FIELD was removed from @tag."]),
}

# Breaking too, though @graphql-inspector does not say so.
STRICTER: dict[str, tuple[str, str, list[str]]] = {
    "a directive may not be repeated": (
        " repeatable ",
        " ",
        ["Repeatable flag was removed from @tag."],
    ),
    "an argument loses its default": (
        "depth: Int! = 1",
        "depth: Int!",
        ["Argument Query.shelf(depth:) lost its default and is required."],
    ),
    "an argument of an interface loses its default": (
        "unit: Int! = 1",
        "unit: Int!",
        ["Argument Sized.size(unit:) lost its default and is required."],
    ),
    "an input field loses its default": (
        "room: Int! = 1",
        "room: Int!",
        ["Field ShelfInput.room lost its default and is required."],
    ),
}

HARMLESS: dict[str, tuple[str, str]] = {
    "nothing": ("scalar Moment", "scalar Moment"),
    "a description": ("scalar Moment", '"A point in time." scalar Moment'),
    "a type is added": ("scalar Moment", "scalar Moment  type More { a: Int }"),
    "an input that is one of its fields is added": (
        "scalar Moment",
        "scalar Moment  input New @oneOf { a: Int  b: Int }",
    ),
    "a field is added": ("type Crate {", "type Crate { label: String!"),
    "a field is deprecated": ("size: Int  boxes", "size: Int @deprecated  boxes"),
    "a field becomes non-null": ("size: Int  boxes", "size: Int!  boxes"),
    "an optional argument is added": ("boxes(first: Int)", "boxes(first: Int, of: ID)"),
    "a required argument with a default is added": (
        "boxes(first: Int)",
        "boxes(first: Int, of: Int! = 1)",
    ),
    "an argument becomes optional": ("shelf(id: ID!,", "shelf(id: ID,"),
    "an optional input field is added": (
        "input Spare { a: Int }",
        "input Spare { a: Int  b: Int }",
    ),
    "a required input field with a default is added": (
        "input Spare { a: Int }",
        "input Spare { a: Int  b: Int! = 1 }",
    ),
    "an input field becomes optional": (
        "input ShelfInput { name: String!",
        "input ShelfInput { name: String",
    ),
    "a default changes": ("size: Int = 3", "size: Int = 4"),
    "a default is taken from what stays optional": ("size: Int = 3", "size: Int"),
    "a value is added": ("FAST SAFE", "FAST SAFE SLOW"),
    "a member of a union is added": ("Box | Crate", "Box | Crate | Old"),
    "an interface is given to a type": (
        "type Crate {",
        "type Crate implements Named { name: String!",
    ),
}


def planted(replaced: str, by: str) -> str:
    """Return the schema with one change."""
    assert BEFORE.count(replaced) == 1, replaced
    return BEFORE.replace(replaced, by)

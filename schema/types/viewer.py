import strawberry

from server.domain.caller import Role


@strawberry.type(
    description="The caller that sends the request, and what it may do. A page shows what its user may use."
)
class Viewer:
    name: str = strawberry.field(
        description="Name of the caller, as in `createdBy`: the name of its API key, or issuer and subject of its token; "
        "`anonymous` if the server does not tell callers apart."
    )
    is_anonymous: bool = strawberry.field(
        description="Whether the server does not tell callers apart: then no key is needed, and everybody may do everything."
    )
    role: Role | None = strawberry.field(
        description="Role of the caller; null if it has none, and so may do nothing."
    )
    may_read: bool = strawberry.field(
        description="Whether the caller may read products and the ledger."
    )
    may_change: bool = strawberry.field(
        description="Whether the caller may send mutations, submit batches, and see, cancel and retry its own."
    )
    may_see_all_batches: bool = strawberry.field(
        description="Whether the caller may see, cancel and retry the batches of everybody."
    )
    may_see_system: bool = strawberry.field(description="Whether the caller may ask for `system`.")
    may_introspect: bool = strawberry.field(
        description="Whether the caller may ask about the schema: in production, only admins may."
    )

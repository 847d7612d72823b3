from datetime import datetime

import strawberry

from server.domain.queue_state import SILENT_SECONDS


@strawberry.type(description="A package that the server stands on.")
class Library:
    name: str = strawberry.field(description="Name of the package.")
    version: str = strawberry.field(description="Installed version of the package.")


@strawberry.type(description="A setting of the server that answers.")
class Setting:
    name: str = strawberry.field(description="Name of the environment variable.")
    value: str | None = strawberry.field(
        description="Value in force, as text; null if it is not set. A secret is shown as `(hidden)`, and an address without its "
        "password and options."
    )
    is_default: bool = strawberry.field(description="Whether the value is the default.")
    meaning: str = strawberry.field(description="Meaning of the setting, in a sentence.")


@strawberry.type(description="The server that answers. Others may run beside it.")
class ServerState:
    version: str = strawberry.field(description="Version of stockbatch.")
    python_version: str = strawberry.field(description="Version of Python.")
    libraries: list[Library] = strawberry.field(description="The main packages, by name.")
    process: str = strawberry.field(description="Host and process id of the server.")
    started_at: datetime = strawberry.field(description="When the server started.")
    uptime_seconds: float = strawberry.field(description="For how long it has run, in seconds.")
    settings: list[Setting] = strawberry.field(description="All settings, in their usual order.")


@strawberry.type(description="The database as the server sees it.")
class DatabaseState:
    name: str = strawberry.field(description="Name of the database.")
    version: str = strawberry.field(description="Version of MongoDB.")
    is_embedded: bool = strawberry.field(
        description="Whether the server has started the database itself."
    )
    replica_set: str = strawberry.field(description="Name of the replica set.")
    primary: str | None = strawberry.field(
        description="Address of the primary; null while there is none."
    )
    members: list[str] = strawberry.field(description="Addresses of the members.")
    ping_ms: float = strawberry.field(
        description="How long the database took to answer just now, in milliseconds."
    )


@strawberry.type(description="The chunks of batches that are not done.")
class QueueState:
    waiting_chunks: int = strawberry.field(description="Number of chunks that wait.")
    running_chunks: int = strawberry.field(
        description="Number of chunks that a worker or a request runs."
    )
    oldest_seconds: float = strawberry.field(
        description="For how long the first waiting chunk could have been run, in seconds; 0 if none waits."
    )
    warning: str | None = strawberry.field(
        description="A sentence if chunks wait and no worker runs any; null if all is well."
    )


@strawberry.type(description="A worker, by its signs of life.")
class WorkerState:
    name: str = strawberry.field(
        description="Name of the worker: its host, its process id, and a random text."
    )
    seen_at: datetime = strawberry.field(
        description="Last sign of life, by the clock of the database."
    )
    is_alive: bool = strawberry.field(
        description=f"Whether the last sign of life is at most {SILENT_SECONDS:.0f} s old, and the worker has not ended."
    )
    left_at: datetime | None = strawberry.field(
        description="When the worker ended on purpose; null if it has not."
    )


@strawberry.type(description="The state of the system, for admins.")
class System:
    server: ServerState = strawberry.field(description="The server that answers.")
    database: DatabaseState = strawberry.field(description="The database.")
    queue: QueueState = strawberry.field(description="The chunks that are not done.")
    workers: list[WorkerState] = strawberry.field(
        description="The workers that were seen in the last five minutes, the one seen last first, at most 1 000."
    )

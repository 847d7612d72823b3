"""The state of the system, and the caller, as GraphQL shows them."""

from schema.context import Context
from schema.types import system
from schema.types.viewer import Viewer
from server.batches.stored.system_watch import SystemWatch
from server.domain.caller import ANONYMOUS, Role


def to_viewer(context: Context) -> Viewer:
    """Return the caller, and what its role allows."""
    caller = context.caller
    return Viewer(
        name=caller.name,
        is_anonymous=caller is ANONYMOUS,
        role=caller.role,
        may_read=caller.may(Role.VIEWER),
        may_change=caller.may(Role.OPERATOR),
        may_see_all_batches=caller.may(Role.ADMIN),
        may_see_system=caller.may(Role.ADMIN),
        may_introspect=context.may_introspect,
    )


async def to_system(watch: SystemWatch, context: Context) -> system.System:
    """Return the state of the system as it is now.

    Raises:
        StoreError: the database did not answer.
    """
    facts = watch.facts
    database, queue, workers = await watch.state()
    uptime = context.services.clock() - facts.started_at
    return system.System(
        server=system.ServerState(
            version=facts.version,
            python_version=facts.python,
            libraries=[
                system.Library(name=one.name, version=one.version) for one in facts.libraries
            ],
            process=facts.process,
            started_at=facts.started_at,
            uptime_seconds=uptime.total_seconds(),
            settings=[
                system.Setting(
                    name=one.name, value=one.value, is_default=one.is_default, meaning=one.meaning
                )
                for one in facts.settings()
            ],
        ),
        database=system.DatabaseState(
            name=database.name,
            version=database.version,
            is_embedded=facts.has_embedded_database,
            replica_set=database.replica_set,
            primary=database.primary,
            members=list(database.members),
            ping_ms=database.ping_ms,
        ),
        queue=system.QueueState(
            waiting_chunks=queue.depth.waiting,
            running_chunks=queue.depth.running,
            oldest_seconds=queue.depth.oldest_seconds,
            warning=queue.warning,
        ),
        workers=[
            system.WorkerState(
                name=one.name, seen_at=one.seen_at, is_alive=one.is_alive, left_at=one.left_at
            )
            for one in workers
        ],
    )

"""Each rule holds at every door, as the table in `door_table.py` has it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from tests.support.batches.batch_work import submit, work_off
from tests.support.shop import Shop
from tests.support.web.door_cells import READS, REST_BODIES, DoesNotApply, Rule
from tests.support.web.door_table import RULES
from tests.support.web.doors import Door, Reply, Sent, app_of, reply, well_formed
from tests.support.web.whole_answers import everything

pytestmark = pytest.mark.either_driver

ROUTES: dict[str, tuple[Door, ...] | DoesNotApply] = {
    "/graphql": (Door.GRAPHQL_POST, Door.GRAPHQL_GET),
    "ws /graphql": (Door.WEBSOCKET,),
    "ws /{path:path}": DoesNotApply("it refuses every handshake with 404"),
    "/api/mutation": (Door.CONVEX_MUTATION,),
    "/api/query": (Door.CONVEX_QUERY,),
    "/api/batches/{name}": (*REST_BODIES, Door.REST_PROGRESS),
    "/api/batches/{name}/results": (Door.REST_RESULTS,),
    "/api/batches/{name}/cancel": (Door.REST_CANCEL,),
    "/api/batches/{name}/retry": (Door.REST_RETRY,),
    "/api/batches": (Door.REST_LIST,),
    "/api/products": (Door.REST_PRODUCTS,),
    "/api/stock-updates": (Door.REST_LEDGER,),
    "/api/action": DoesNotApply("it refuses every call with 404"),
    "/api/query_ts": DoesNotApply("it refuses every call with 404"),
    "/api/query_at_ts": DoesNotApply("it refuses every call with 404"),
    "/": DoesNotApply("it takes nothing and is a page"),
    "/console/{version}/{path:path}": DoesNotApply("it serves files"),
    "/graphiql": DoesNotApply("it serves files"),
    "/healthz": DoesNotApply("it takes nothing"),
    "/readyz": DoesNotApply("it takes nothing"),
    "/metrics": DoesNotApply("it takes nothing"),
}


@pytest.mark.parametrize("name", RULES)
async def test_a_rule_holds_at_every_door(
    shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = RULES[name]
    (product,) = await shop.put(10)
    batches = await batches_of(shop, product)
    app = app_of(shop)
    expected = {door: cell for door, cell in rule.cells.items() if isinstance(cell, Reply)}

    actual = {}
    changed = []
    async with use_cases_of(rule, shop, monkeypatch) as answered:
        for door in expected:
            sent = rule.change(door, well_formed(door, product, batches[door], rule.argument))
            before = everything(shop)
            for request in [sent] if isinstance(sent, Sent) else sent:
                actual[door] = await answered(reply(app, door, request))
            if everything(shop) != before:
                changed.append(door)

    assert actual == expected
    assert changed == [
        door
        for door, answer in expected.items()
        if answer.code is None and door not in READS and not is_silence(answer, door)
    ]


async def batches_of(shop: Shop, product: str) -> dict[Door, str]:
    """Return a batch for each door: one that has ended, with a failure to retry; one that waits."""
    failing = [{"productId": product, "quantity": -999}]
    ended = await submit(shop, failing)
    await work_off(shop)
    waiting = await submit(shop, failing)
    return {door: waiting if door is Door.REST_CANCEL else ended for door in Door}


def is_silence(answer: Reply, door: Door) -> bool:
    return door is not Door.WEBSOCKET and answer.status == 0


def test_the_table_has_a_cell_for_every_rule_at_every_door() -> None:
    assert {name: set(rule.cells) for name, rule in RULES.items()} == {
        name: set(Door) for name in RULES
    }
    reasons = [
        cell.reason
        for rule in RULES.values()
        for cell in rule.cells.values()
        if isinstance(cell, DoesNotApply)
    ]
    assert all(len(reason.split()) >= 3 for reason in reasons)


async def test_every_route_stands_in_the_table(shop: Shop) -> None:
    paths = set(paths_of(app_of(shop).routes))

    assert paths == set(ROUTES)
    behind = [door for doors in ROUTES.values() if isinstance(doors, tuple) for door in doors]
    assert sorted(behind, key=str) == sorted(Door, key=str)


def paths_of(routes: Iterable[BaseRoute], prefix: str = "") -> Iterable[str]:
    """Yield the path of each route; the files of a folder are one, and so are `/` and `//`."""
    for route in routes:
        match route:
            case Mount(path="/graphiql"):
                yield route.path
            case Mount():
                assert route.routes, f"{route.path} hides its routes"
                yield from paths_of(route.routes, prefix + route.path)
            case WebSocketRoute():
                yield f"ws {prefix}{route.path}"
            case Route():
                yield (prefix + route.path).replace("//", "/")
            case _:
                raise AssertionError(f"a route of an unknown kind: {route}")


@asynccontextmanager
async def use_cases_of(
    rule: Rule, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[Awaitable[Reply]], Awaitable[Reply]]]:
    """Let the use cases fail or never end as the rule has it, and give what waits for a reply."""
    begun, released = asyncio.Event(), asyncio.Event()

    async def fail(*_arguments: object, **_options: object) -> None:
        if rule.fault:
            raise rule.fault()
        begun.set()
        await released.wait()

    async def answered(answering: Awaitable[Reply]) -> Reply:
        request = asyncio.ensure_future(answering)
        if rule.stops:
            await begun.wait()
            begun.clear()
            request.cancel()
        return await request

    if rule.fault or rule.stops:
        replace_use_cases(shop, fail, monkeypatch)
    yield answered
    released.set()
    await asyncio.sleep(0)  # the loader of a query that was cancelled ends


def replace_use_cases(
    shop: Shop, substitute: Callable[..., Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Call `substitute` in place of every use case and every read that a door reaches."""
    services = shop.services
    for service, names in (
        (services.engine, ["run"]),
        (services.keyed, ["run"]),
        (services.submissions, ["submit", "submit_stream"]),
        (services.control, ["cancel", "retry"]),
        (services.products, ["by_ids", "page"]),
        (services.ledger, ["page"]),
        (services.batches, ["by_id", "page"]),
    ):
        for name in names:
            monkeypatch.setattr(type(service), name, substitute)

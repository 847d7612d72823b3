"""Act between two commands of the tested client."""

import asyncio
from collections.abc import Callable

from tests.support.shop import Shop


def before(shop: Shop, command: str, act: Callable[[], object], *, number: int = 1) -> None:
    """Call `act` just before the tested client sends its `number`th `command` from now on."""
    names = shop.commands.names
    earlier = names.count(command)

    def act_in_time(name: str) -> None:
        if name == command and names.count(command) == earlier + number:
            act()

    shop.commands.on_start = act_in_time


async def under_way(shop: Shop, command: str, *, number: int = 1) -> None:
    """Return when the tested client has sent its `number`th `command` from now on."""
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    before(shop, command, lambda: loop.call_soon_threadsafe(begun.set), number=number)
    async with asyncio.timeout(10):
        await begun.wait()


def once_answered(shop: Shop, command: str, act: Callable[[], object]) -> None:
    """Call `act` when the next `command` has been answered, before the engine goes on."""

    def hook(name: str) -> None:
        if name == command:
            shop.commands.on_end = lambda _name: None
            act()

    shop.commands.on_end = hook

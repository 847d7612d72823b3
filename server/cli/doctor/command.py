"""`stockbatch doctor`: look at the deployment that the settings describe."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict

import click

from server.cli.doctor import machine
from server.cli.doctor.database import database
from server.cli.doctor.finding import Finding, Level, wrong
from server.domain.errors import StartupError
from server.settings import read_settings

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.WRONG: "red"}


@click.command(help="Say what is wrong with the deployment of these settings, and how to mend it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def doctor(as_json: bool) -> int:
    """Print what was found, and return 1 if something is wrong."""
    return asyncio.run(_report(as_json=as_json))


async def _report(*, as_json: bool) -> int:
    found = []
    async for finding in _findings():
        found.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        click.echo(json.dumps([asdict(one) | {"level": one.level.value} for one in found]))
    faults = sum(one.level is Level.WRONG for one in found)
    if not as_json:
        click.echo(f"{faults} things are wrong." if faults != 1 else "One thing is wrong.")
    return int(faults > 0)


async def _findings() -> AsyncIterator[Finding]:
    """Yield what is found, the easiest to mend first."""
    try:
        settings = read_settings()
    except StartupError as error:
        for fault in str(error).splitlines():
            yield wrong("Settings", fault, "Set it right, or unset it: see `stockbatch --help`.")
        return
    for finding in (*machine.variables(), *machine.callers(settings)):
        yield finding
    async for finding in machine.issuer(settings):
        yield finding
    for finding in machine.port(settings):
        yield finding
    if settings.mongodb_uri is None:
        for finding in (*machine.disk(settings), *machine.binary(settings)):
            yield finding
    for finding in machine.publication(settings):
        yield finding
    async for finding in database(settings):
        yield finding


def _show(finding: Finding) -> None:
    mark = click.style(f"{finding.level.value:7}", fg=_COLOURS[finding.level], bold=True)
    click.echo(f"{mark}  {finding.subject}: {finding.sentence}")
    if finding.cure:
        click.echo(f"         {finding.cure}")

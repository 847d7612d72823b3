"""The command line: `stockbatch`, also `python -m server`; without a command it serves."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click
from typing_extensions import override

from server import __version__
from server.cli.lazy import LazyGroup
from server.domain.errors import StartupError

INTERRUPTED: Final = 130  # the exit status after Ctrl-C, as of a shell

_COMMANDS = {
    "serve": ("server.cli.serving.command:serve", "Serve over HTTP; the default command."),
    "worker": ("server.cli.serving.command:worker", "Only run background batches."),
    "doctor": ("server.cli.doctor.command:doctor", "Say what is wrong here, and how to mend it."),
    "keys": ("server.cli.machine.keys:keys", "Make API keys, and list them."),
    "samples": ("server.cli.machine.samples:samples", "Put the sample products back."),
    "indexes": ("server.cli.machine.indexes:indexes", "Compare the database with what is needed."),
    "schema": ("server.cli.machine.print_schema:schema", "Print the GraphQL schema."),
    "completion": ("server.cli.machine.completion:completion", "Print a shell's completion."),
    "import": ("server.cli.remote.importing:import_", "Send a file as a batch."),
    "batches": ("server.cli.remote.batches:batches", "List batches."),
    "watch": ("server.cli.remote.watching:watch", "Follow a batch to its end."),
    "results": ("server.cli.remote.results:results", "Download the results of a batch."),
    "cancel": ("server.cli.remote.batches:cancel", "Let no other chunk of a batch begin."),
    "retry": ("server.cli.remote.batches:retry", "Send again what failed in a batch."),
    "products": ("server.cli.remote.exports:products", "Export the products."),
    "stock-updates": ("server.cli.remote.exports:stock_updates", "Export the ledger."),
}


class Root(LazyGroup):
    """The commands; its help ends with the settings."""

    @override
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit status"):
            formatter.write_dl(_STATUSES)
        rows = import_module("server.cli.machine.settings_help").rows()
        with formatter.section("Settings of serve, worker, doctor and the like"):
            formatter.write_text("These are environment variables.")
            formatter.write_paragraph()
            formatter.write_dl(rows)


_STATUSES = [
    ("0", "It did what it is for. With --watch: every item succeeded."),
    ("1", "It could not do it, and standard error says why."),
    ("2", "The command is wrong."),
    ("3", "Some items failed."),
    ("4", "No item succeeded, or the batch failed or was cancelled."),
    ("130", "Ctrl-C. A batch that was sent goes on."),
]


@click.group(
    cls=Root,
    lazy=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="Bulk inventory work, one MongoDB transaction per chunk. Without a command: serve.",
)
@click.version_option(__version__, prog_name="stockbatch")
def root() -> None:
    """Do nothing: the commands do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status, which is 0 if it did what it is for."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = root.main(
            given or ["serve"],
            prog_name="stockbatch",
            complete_var="_STOCKBATCH_COMPLETE",
            standalone_mode=False,
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except StartupError as error:
        click.echo(f"stockbatch: {error}", err=True)
        return 1
    except BrokenPipeError:  # the reader of our output has seen enough, as `head`
        sys.stderr.close()
        return 0
    return int(status or 0)

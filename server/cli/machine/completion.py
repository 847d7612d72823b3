"""`stockbatch completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

_PLACES = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/stockbatch.fish",
}


@click.command(help="Print the completion for a shell: stockbatch completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice([*_PLACES]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script, and return 0."""
    found = get_completion_class(shell)
    if found is None:
        raise AssertionError("click completes for these shells")
    script = found(context.find_root().command, {}, "stockbatch", "_STOCKBATCH_COMPLETE")
    click.echo(f"# Add this to {_PLACES[shell]}")
    click.echo(script.source())
    return 0

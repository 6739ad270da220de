"""The tree of commands."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat.cli import (
    ask,
    backup,
    catalog,
    doctor,
    duplicates,
    index,
    init,
    metadata,
    notebook,
    output,
    repair,
    safe,
    server,
    sessions,
    show,
    verify,
    volumes,
    watch,
)
from cardcat.cli.options import CatalogPath
from cardcat.cli.plain_values import take_plain_values

if TYPE_CHECKING:
    from typer.core import TyperGroup

app = typer.Typer(
    name="cardcat",
    help="Back up memory cards to one or more drives, prove every copy, and know where each one is.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
app.command("backup", epilog=backup.EXAMPLES)(backup.backup)
app.command("safe-to-format", epilog=safe.EXAMPLES)(safe.safe_to_format)
app.command("verify", epilog=verify.EXAMPLES)(verify.verify)
app.command("repair", epilog=repair.EXAMPLES)(repair.repair)
app.command("index", epilog=index.EXAMPLES)(index.index)
app.command("show", epilog=show.EXAMPLES)(show.show)
app.add_typer(sessions.app, name="sessions")
app.add_typer(volumes.app, name="volumes")
app.add_typer(duplicates.app, name="duplicates")
app.command("ask", epilog=ask.EXAMPLES)(ask.ask)
app.add_typer(catalog.app, name="catalog")
app.add_typer(metadata.app, name="metadata")
app.command("notebook", epilog=notebook.EXAMPLES)(notebook.notebook)
app.add_typer(server.app, name="server")
app.add_typer(watch.app, name="watch")
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)
app.command("init", epilog=init.EXAMPLES)(init.init)


def _version(wanted: bool) -> None:
    if wanted:
        from cardcat.doctor import version_of

        output.say(f"cardcat {version_of('cardcat') or '(not installed)'}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    *,
    catalog: CatalogPath = None,  # noqa: ARG001 - a command takes it from the context
    version: Annotated[  # noqa: ARG001 - said before anything else is done
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


@cache
def command() -> TyperGroup:
    """The whole command line as one object that parses and runs arguments."""
    built = typer.main.get_command(app)
    if not isinstance(built, typer.core.TyperGroup):
        raise TypeError("an app with several commands is a group")
    take_plain_values()
    return built


def completes() -> bool:
    """Whether a shell asks for completions, which it does by the environment."""
    return "_CARDCAT_COMPLETE" in os.environ

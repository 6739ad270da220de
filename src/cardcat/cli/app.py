"""The tree of commands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat.cli import output
from cardcat.cli.options import CatalogPath
from cardcat.cli.plain_values import take_plain_values

if TYPE_CHECKING:
    from typer._click import Command
    from typer.core import TyperGroup

app = typer.Typer(
    name="cardcat",
    help="Back up memory cards to one or more drives, prove every copy, and know where each one is.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)

# By its name, the module of a command and what it is there: a function, whose module has the EXAMPLES for its
# help, or a group of commands.
_PLACES = {
    "backup": ("backup", "backup"),
    "safe-to-format": ("safe", "safe_to_format"),
    "verify": ("verify", "verify"),
    "repair": ("repair", "repair"),
    "index": ("index", "index"),
    "show": ("show", "show"),
    "sessions": ("sessions", "app"),
    "volumes": ("volumes", "app"),
    "duplicates": ("duplicates", "app"),
    "ask": ("ask", "ask"),
    "catalog": ("catalog", "app"),
    "metadata": ("metadata", "app"),
    "notebook": ("notebook", "notebook"),
    "server": ("server", "app"),
    "watch": ("watch", "app"),
    "doctor": ("doctor", "doctor"),
    "init": ("init", "init"),
}


class _Commands(Mapping[str, "Command"]):
    """The commands by their names, each made when it is asked for: to make all takes longer than most run."""

    def __init__(self) -> None:
        self._made: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._made:
            self._made[name] = _make(name, *_PLACES[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


def _make(name: str, module: str, what: str) -> Command:
    found = import_module(f"cardcat.cli.{module}")
    thing = getattr(found, what)
    if isinstance(thing, typer.Typer):
        made: Command = typer.main.get_group(thing)
        made.name = name
        return made
    alone = typer.Typer(rich_markup_mode=None, add_completion=False)
    alone.command(name, epilog=found.EXAMPLES)(thing)
    return typer.main.get_command(alone)


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
        raise TypeError("an app with a callback is a group")
    built.commands = _Commands()  # type: ignore[assignment]  # it is only read
    take_plain_values()
    return built


def completes() -> bool:
    """Whether a shell asks for completions, which it does by the environment."""
    return "_CARDCAT_COMPLETE" in os.environ

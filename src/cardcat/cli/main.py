"""The entry point: runs a command and turns whatever ends it into a sentence and an exit code."""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from cardcat.errors import CancelledError, CardcatError, CatalogError, UsageError

# What the parser says, and what is said instead, to people who know of no "arguments".
_PLAINER = (
    (
        re.compile(r"Got unexpected extra argument\(s\) \((.*)\)", re.DOTALL),
        r"Not expected here: \1. A name with spaces needs quotes.",
    ),
    (re.compile(r"Option '(.*)' requires an argument\."), r"\1 needs a value after it."),
    (re.compile(r"Option '(.*)' does not take a value\."), r"\1 stands alone: it takes no value."),
    (re.compile(r"Invalid value for '(.*?)': (?:Value error, )?(.*)", re.DOTALL), r"\1: \2"),
    (re.compile(r"Missing argument '(.*)'\."), r"\1 is not given."),
)


def run() -> NoReturn:
    """Run the command of this process's own arguments, and exit."""
    code: int | None = None

    def leave() -> None:
        """Exit without taking the interpreter apart: that takes longer than many a command."""
        if code is None:  # a bug, or the shell's completion: Python ends it as ever
            return
        with suppress(OSError, ValueError):  # then the interpreter flushes them, and says that it can't
            for stream in filter(None, (sys.stdout, sys.stderr)):  # one that was closed from outside is None
                stream.flush()
            os._exit(code)

    # The first to be registered is the last to be called. Where others were first, they are to be called too.
    if not atexit._ncallbacks():  # noqa: SLF001 - there is no public way to ask
        atexit.register(leave)
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # while the explanation of the first one was written
        code = CancelledError.exit_code
    sys.exit(code)


def main(arguments: Sequence[str]) -> int:
    """
    Run the command in *arguments* and return its exit code.

    Every error that a user may be told ends here: a sentence and a hint on standard error, and with
    `--json` one document on standard output. What is raised from here is a bug.
    """
    from cardcat.cli.streams import tolerant_streams

    with tolerant_streams():
        try:
            code = _invoke(arguments)
            sys.stdout.flush()
        except CardcatError as error:
            return _explain(error, arguments)
        except KeyboardInterrupt:
            return _explain(CancelledError("Cancelled."), arguments)
        except Exception as bug:
            if damage := _damage(bug, arguments):
                return _explain(damage, arguments)
            told = CardcatError(f"{type(bug).__name__}: {bug}", hint="This is a bug: please report it.")
            _answer(told, arguments)
            raise
        return code


def _damage(bug: Exception, arguments: Sequence[str]) -> CatalogError | None:
    """What is wrong with the catalog, if that may be why a command stumbled over what it read there."""
    from cardcat.catalog.engine import is_absent, local_path, require_sound

    try:
        if not is_absent(where := _catalog_in(arguments)):
            require_sound(local_path(where), bug)
    except CatalogError as error:
        return error
    return None


def _catalog_in(arguments: Sequence[str]) -> str | None:
    """The value of --catalog, None if it is not given."""
    for at, word in enumerate(arguments):
        if word == "--catalog":
            return next(iter(arguments[at + 1 :]), None)
        if word.startswith("--catalog="):
            return word.partition("=")[2]
    return None


def _invoke(arguments: Sequence[str]) -> int:
    import typer

    from cardcat.cli.app import command, completes

    if completes():
        command().main(list(arguments), prog_name="cardcat")
    try:
        with command().make_context("cardcat", list(arguments)) as context:
            return command().invoke(context) or 0
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        raise CancelledError("Cancelled: nothing was changed.") from None
    except typer.TyperException as error:
        raise UsageError(_plainer(error.format_message()), hint=_help_for(arguments)) from None


def _plainer(message: str) -> str:
    for pattern, words in _PLAINER:
        if pattern.fullmatch(message):
            return pattern.sub(words, message)
    return message


def _help_for(arguments: Sequence[str]) -> str:
    """The help page of the command that *arguments* name, as far as they name one."""
    from typer.core import TyperGroup

    from cardcat.cli.app import command

    path, group = "cardcat", command()
    for word in arguments:
        below = group.commands.get(word)
        path += f" {word}" if below else ""
        if isinstance(below, TyperGroup):
            group = below
        elif below:
            break
    return f"{path} --help"


def _explain(error: CardcatError, arguments: Sequence[str]) -> int:
    from cardcat.cli import output

    output.note(error.message, style="bold red")
    if error.hint:
        output.note(f"hint: {error.hint}")
    _answer(error, arguments)
    return error.exit_code


def _answer(error: CardcatError, arguments: Sequence[str]) -> None:
    """Write the one document of a command that failed, if one was asked for."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" not in options:
        return
    from cardcat.cli import output

    with suppress(CardcatError):  # there may be nobody left to tell
        output.emit({"error": {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}})
        sys.stdout.flush()

"""What several commands take, and what is checked before a use case sees it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from cardcat import paths
from cardcat.errors import UsageError

_LARGEST_ID = 2**63 - 1
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([kmgt]?)(i?)b?", re.ASCII | re.IGNORECASE)


def group(summary: str) -> typer.Typer:
    """A command that has commands of its own."""
    return typer.Typer(help=summary, rich_markup_mode=None, add_completion=False)


def examples(*lines: str) -> str:
    """The end of a help page: commands to type, as they are."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def folder(given: str, name: str) -> Path:
    """
    The absolute path of what was *given* for the argument *name*; it need not be there.

    Raises UsageError for an empty name (which would silently mean the working folder), and where the
    working folder is gone.
    """
    if not given:
        raise UsageError(f"{name} is an empty name.", hint="A shell variable in the command may be empty.")
    try:
        return Path(given).absolute()
    except OSError as error:
        sentence = (
            f"The working folder can't be used to find {name} {paths.display(given)}: {error.strerror}."
        )
        raise UsageError(sentence, hint="Give the whole path, or change to another folder.") from error


def _catalog(context: typer.Context, given: str | None) -> str | None:
    """What stands after the verb, else before it, else in the environment."""
    value = given
    if value is None:
        value = context.find_root().params.get("catalog")
    if value is None:
        value = os.environ.get("CARDCAT_CATALOG") or None
    if value == "":
        raise UsageError("--catalog is an empty name.", hint="Leave it out for the default catalog.")
    return value


def patterns(given: list[str] | None) -> tuple[str, ...]:
    """What was given for --exclude. UsageError for an empty pattern."""
    found = tuple(given or ())
    if "" in found:
        raise UsageError("One of the --exclude patterns is empty.", hint="Give a pattern such as '*.LRV'.")
    return found


def whole_number(option: str, most: int) -> Callable[[str], int]:
    """
    What turns the value given for *option* into a number from 1 to *most*.

    It raises UsageError for anything else, because the parser's own sentence is for programmers.
    """

    def parse(given: str) -> int:
        number = _number(given, most)
        if number is None:
            raise UsageError(
                f"{option} needs a whole number from 1 to {most:,}, not '{given}'.",
                hint=f"For example: {option} 2",
            )
        return number

    return parse


def size(option: str) -> Callable[[str], int]:
    """
    What turns the value given for *option* into bytes: `500`, `64KB`, `1.5 MB`, `10M`, `1GiB`.

    Units are decimal as all that is told, those with an `i` binary. It raises UsageError for anything else.
    """

    def parse(given: str) -> int:
        found = _SIZE.fullmatch(str(given).strip())  # a default is a number already
        if not found or (found[3] and not found[2]):
            raise UsageError(
                f"{option} needs a size, not '{paths.display(str(given))}'.",
                hint=f"For example: {option} 10MB",
            )
        power = " kmgt".index(found[2].lower() or " ")
        return int(Decimal(found[1]) * (1024 if found[3] else 1000) ** power)

    return parse


def _session(given: str) -> int:
    """A number that a session of a catalog can have."""
    number = _number(given, _LARGEST_ID)
    if number is None:
        raise UsageError(
            f"'{given}' is not the number of a session.", hint="List them: cardcat sessions list"
        )
    return number


def _number(given: str, most: int) -> int | None:
    """*given* as a whole number from 1 to *most*, None if it is none."""
    digits = str(given)  # a default is a number already
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(most)):
        return None
    return int(digits) if 1 <= int(digits) <= most else None


CatalogPath = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="PATH",
        callback=_catalog,
        help="The catalog to use; CARDCAT_CATALOG says the same. [default: in your data folder]",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Direct = Annotated[
    bool, typer.Option("--direct", help="Run without the Prefect server; recorded all the same.")
]
SessionId = Annotated[
    int,
    typer.Argument(metavar="ID", parser=_session, help="A number from `cardcat sessions list`."),
]

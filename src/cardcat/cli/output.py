"""What commands say: one JSON document, or sentences and tables for people.

A name from a disk never reaches a terminal as it is: control characters are made visible, and nothing
in it is taken for markup.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TextIO, TypeAlias

from cardcat import paths, text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | Sequence[Json] | None"

_STYLES = {
    "completed": "green",
    "ok": "green",
    "yes": "green",
    "running": "cyan",
    "cancelled": "yellow",
    "warn": "yellow",
    "failed": "red",
    "broken": "red",
    "no": "red",
}
_GAP = 2
_NARROWEST = 8
_PIECES = 10_000  # of a JSON document that are written at once


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. *shrinks*: its cells are shortened in the middle where there is no room."""

    title: str
    right: bool = False
    shrinks: bool = False


def emit(document: Json) -> None:
    """Write *document* as the one JSON document of this command, in ASCII so that any terminal takes it."""
    pieces = json.JSONEncoder(indent=2).iterencode(_valid(document))
    while part := "".join(islice(pieces, _PIECES)):  # never a whole million of files as one text
        sys.stdout.write(part)
    sys.stdout.write("\n")


def path_fields(path: str | None, key: str = "path") -> dict[str, Json]:
    """*path* for a JSON object: readable under *key*, where that is not exact its bytes under *key*_b64."""
    if path is None:
        return {key: None}
    readable, raw = paths.to_text(path)
    if raw is None:
        return {key: readable}
    return {key: readable, f"{key}_b64": base64.b64encode(raw).decode("ascii")}


def say(sentence: str = "", *, style: str = "") -> None:
    """Write one line of a command's answer."""
    print_line(stdout(), sentence, style)


def note(sentence: str, *, style: str = "") -> None:
    """Write one line that is no part of the answer, to standard error."""
    print_line(stderr(), sentence, style)


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Write a table of *rows*, one cell a column, as wide as the terminal or 80 columns at most."""
    console = stdout()
    cells = [[paths.display(cell) for cell in row] for row in rows]
    cells = fitted(columns, cells, console.width if console.is_terminal else 80)
    widths = _widths(columns, cells)
    console.print(_line(columns, [column.title for column in columns], widths, "bold"), soft_wrap=True)
    for row in cells:
        console.print(_line(columns, row, widths), soft_wrap=True)


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """*rows* with the cells of shrinking columns shortened so far that a line takes *width* columns."""
    widths = _widths(columns, rows)
    room = width - _GAP * (len(columns) - 1)
    room -= sum(taken for column, taken in zip(columns, widths, strict=True) if not column.shrinks)
    shrinking = sorted((taken, index) for index, taken in enumerate(widths) if columns[index].shrinks)
    for position, (taken, index) in enumerate(shrinking):
        widths[index] = min(taken, max(room // (len(shrinking) - position), _NARROWEST))
        room -= widths[index]
    return [[text.shorten(cell, limit) for cell, limit in zip(row, widths, strict=True)] for row in rows]


def stdout() -> Console:
    """A console for answers. Colours only on a terminal, and none where NO_COLOR is set."""
    return _console(sys.stdout)


def stderr() -> Console:
    """The same for messages and progress."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def print_line(console: Console, sentence: str, style: str) -> None:
    """Write one line to *console*, which may have a progress bar in it."""
    console.print(paths.display(sentence), style=style, soft_wrap=True)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    titles = [text.width(column.title) for column in columns]
    return [max([title, *(text.width(row[at]) for row in rows)]) for at, title in enumerate(titles)]


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int], style: str = "") -> Text:
    from rich.text import Text

    line = Text(style=style)
    for at, (column, cell, width) in enumerate(zip(columns, cells, widths, strict=True)):
        padding = " " * (width - text.width(cell))
        last = at == len(columns) - 1
        line.append(padding if column.right else "")
        line.append(cell, None if style else _STYLES.get(cell))
        line.append("" if last else ("" if column.right else padding) + " " * _GAP)
    return line


def _valid(value: Json) -> Json:
    if isinstance(value, str):
        return paths.to_text(value)[0]
    if isinstance(value, Mapping):
        return {key: _valid(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_valid(item) for item in value]
    return value

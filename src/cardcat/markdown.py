"""Words from outside on a page that takes Markdown: none of them is a link, a tag or a cell's end."""

from __future__ import annotations

from collections.abc import Sequence

from cardcat.paths import display, quoted

_BAR = "\N{BROKEN BAR}"  # in a table a bar ends the cell, and with it the code that it stands in
_ANGLE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_HARMLESS = {"<": _ANGLE, "`": "'", "|": _BAR, "](": "] ("}


def code(words: str) -> str:
    """*words* as they are, for a line of text or a table."""
    return "`" + display(words).replace("`", "'").replace("|", _BAR) + "`"


def cell(words: str) -> str:
    """*words* for a cell that a page may take for Markdown."""
    shown = display(words)
    for active, harmless in _HARMLESS.items():
        shown = shown.replace(active, harmless)
    return shown


def command(*words: str) -> str:
    """A command of cardcat's to type, as a line of code."""
    return "    " + " ".join(map(quoted, ["cardcat", *words]))


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; the cells are Markdown already."""
    lines = [titles, ["---"] * len(titles), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]

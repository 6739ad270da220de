"""Pieces of HTML. Text from anywhere is escaped, unless it is `Html` already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from cardcat.paths import display


class Html(str):
    """Text that is HTML already: made of tags of ours and of what `shown` gave."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a table's column, and the class of its cells."""

    title: str
    kind: str = ""


def shown(told: str) -> Html:
    """
    *told* as HTML that shows just that, whatever it is: names hold tags and terminal escapes.

    What nobody sees, such as marks that turn the direction of text, is made visible.
    """
    return told if isinstance(told, Html) else Html(escape(display(told)))


def element(tag: str, told: str, **attributes: str) -> Html:
    """One element around *told*; `class_` is the attribute class."""
    listed = "".join(f' {name.rstrip("_")}="{shown(value)}"' for name, value in attributes.items() if value)
    return Html(f"<{tag}{listed}>{shown(told)}</{tag}>")


def joined(parts: Iterable[str], between: str = "") -> Html:
    """All *parts*, one after the other."""
    return Html(shown(between).join(shown(part) for part in parts))


def bullets(told: Iterable[str], class_: str = "") -> Html:
    """A list."""
    return element("ul", joined(element("li", each) for each in told), class_=class_)


def table(caption: str, heads: Sequence[Head], rows: Iterable[Sequence[str]]) -> Iterator[Html]:
    """A table, bit by bit; the first cell of a row is its head, and that of the columns is on every page."""
    cells = joined(element("th", head.title, scope="col", class_=head.kind) for head in heads)
    yield Html(f"<table>{element('caption', caption)}<thead><tr>{cells}</tr></thead>\n<tbody>\n")
    for row in rows:
        first, *others = zip(heads, row, strict=True)
        line = [element("th", first[1], scope="row", class_=first[0].kind)]
        line += [element("td", cell, class_=head.kind) for head, cell in others]
        yield Html(f"<tr>{joined(line)}</tr>\n")
    yield Html("</tbody></table>\n")

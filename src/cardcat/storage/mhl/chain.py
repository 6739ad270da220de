"""The chain of a history: which generations there are, and by which C4 id each is known to be unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cardcat.storage.mhl.xml import Reader, escaped

CHAIN = "ascmhl_chain.xml"
LARGEST = 8 << 20  # bytes of a chain: some thirty thousand generations
_MOST = 50_000  # generations in it

_SPACE = "urn:ASC:MHL:DIRECTORY:v2.0"
_EMPTY = f'<?xml version="1.0" encoding="UTF-8"?>\n<ascmhldirectory xmlns="{_SPACE}">\n</ascmhldirectory>\n'
_END = re.compile(rb"</(?:([A-Za-z_][\w.-]*):)?ascmhldirectory\s*>")
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Link:
    """One generation: its number, the name of its file, the C4 id of that."""

    number: int
    name: str
    c4: str


def read_chain(content: bytes) -> list[Link]:
    """The generations in a chain file, in its order. ValueError says why it is none that can be continued."""
    collected = _Links()
    collected.feed(content, is_last=True)
    return collected.links


def extended(content: bytes | None, links: Sequence[Link]) -> bytes:
    """
    The chain file *content* (None: there is none yet) with *links* behind what it has, byte for byte.

    ValueError if it can't be continued.
    """
    before = _EMPTY.encode() if content is None else content
    ends = list(_END.finditer(before))
    if not ends:
        raise ValueError("it has no end")
    prefix = f"{ends[-1][1].decode()}:" if ends[-1][1] else ""
    added = "".join(_element(link, prefix) for link in links).encode()
    start = len(before[: ends[-1].start()].rstrip(b" \t"))  # where its line begins
    after = before[:start] + added + before[start:]
    if read_chain(after) != [*read_chain(before), *links]:
        raise ValueError("it is written in an unusual way")
    return after


def _element(link: Link, prefix: str) -> str:
    return (
        f'  <{prefix}hashlist sequencenr="{link.number}">\n'
        f"    <{prefix}path>{escaped(link.name)}</{prefix}path>\n"
        f"    <{prefix}c4>{link.c4}</{prefix}c4>\n"
        f"  </{prefix}hashlist>\n"
    )


class _Links(Reader):
    """Gathers the generations."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._number = 0
        self._told: dict[str, str] = {}

    def began(self, space: str, attributes: Mapping[str, str]) -> None:
        if len(self.open) == 1 and (space, *self.open) != (_SPACE, "ascmhldirectory"):
            raise ValueError("it is no chain of an ASC MHL history")
        if self.open[1:] == ["hashlist"]:
            number = attributes.get("sequencenr", "")
            self._number = int(number) if _NUMBER.fullmatch(number) else 0
            self._told = {}

    def ended(self, name: str, text: str) -> None:
        if self.open[1:] == ["hashlist"]:
            self._told[name] = text
        elif name == "hashlist" and len(self.open) == 1:
            if len(self.links) == _MOST:
                raise ValueError("it has too many generations")
            self.links.append(Link(self._number, self._told.get("path", ""), self._told.get("c4", "")))

"""
XML of anybody's making, read flat: no document type, no entities of its own, bounded in every direction.

Python's expat does the reading. A document type is refused as it begins, before anything in it can grow.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

LARGEST = 4 << 20  # bytes of one document
_DEEPEST = 64
_MOST_ELEMENTS = 50_000
_BETWEEN = " "  # of namespace and name; neither holds one

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9._-]{1,30})["']""")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_BYTE_WISE = re.compile(r"(iso-?8859|latin|windows-12|cp12|shift_?jis|euc-|gb|big5|koi8)", re.IGNORECASE)
_UNWRITABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)])


@dataclass(slots=True)
class Element:
    """One element: its namespace and name, those of the elements around it, its attributes, its own text."""

    space: str
    name: str
    parents: tuple[tuple[str, str], ...]
    attributes: dict[tuple[str, str], str]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text between its tags, without that of elements inside it."""
        return "".join(self.pieces).strip()

    def attribute(self, name: str) -> str | None:
        """The attribute of that name, whatever its namespace."""
        return next((value for (_, own), value in self.attributes.items() if own == name), None)


def elements(document: bytes) -> list[Element]:
    """
    All elements of *document* in their order; text in a wrong encoding is read as well as it can be.

    ValueError says what is wrong with it: too large, too deep, a document type, not well-formed.
    """
    if len(document) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 20} MiB")
    collected = _Collector()
    try:
        collected.parser.Parse(_text(document).encode(), True)  # noqa: FBT003 - expat's own word for the end
    except expat.ExpatError as error:
        raise ValueError(f"it is no well-formed XML (line {error.lineno})") from None
    return collected.found


def _text(document: bytes) -> str:
    for mark, encoding in _MARKS:
        if document.startswith(mark):
            text = document.decode(encoding, "replace").removeprefix("\ufeff")
            break
    else:
        text = _unmarked(document)
    return text.strip("\0 \t\r\n").translate(_UNWRITABLE)


def _unmarked(document: bytes) -> str:
    try:
        return document.decode()
    except UnicodeDecodeError:
        declared = _DECLARED.match(document)
        name = declared[1].decode() if declared else ""
    if _BYTE_WISE.match(name):
        try:
            return document.decode(name, "replace")
        except LookupError:
            pass
    return document.decode("utf-8", "replace")


class _Collector:
    """What expat tells, as a list."""

    def __init__(self) -> None:
        self.found: list[Element] = []
        self._open: list[Element] = []
        self.parser = expat.ParserCreate("utf-8", _BETWEEN)
        self.parser.buffer_text = True  # or every line end is a call of its own
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise ValueError("its XML is nested too deeply")
        if len(self.found) >= _MOST_ELEMENTS:
            raise ValueError("its XML has too many elements")
        parents = self._open[-1] if self._open else None
        around = (*parents.parents, (parents.space, parents.name)) if parents else ()
        element = Element(*_split(name), around, {_split(key): value for key, value in attributes.items()})
        self.found.append(element)
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _data(self, piece: str) -> None:
        self._open[-1].pieces.append(piece)

    def _refuse(self, *_declared: object) -> None:
        raise ValueError("its XML has a document type, which no camera writes")


def _split(name: str) -> tuple[str, str]:
    space, _, own = name.rpartition(_BETWEEN)
    return space, own

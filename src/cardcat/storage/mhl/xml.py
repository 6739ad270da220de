"""Text in XML, and XML of anybody's making read with bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.parsers import expat

_DEEPEST = 32
_LONGEST = 1 << 16  # characters of a text that are kept
_PIECE = 1 << 16  # bytes that are parsed at once
_LONGEST_TOKEN = 1 << 18  # bytes of a tag or comment, which the parser holds until its end has come
_MOST_NAMES = 1_000  # of elements, attributes and namespaces, which it never forgets
_LARGEST = 1 << 30  # bytes of a document: some million files
_BETWEEN = " "  # of namespace and name; neither holds one

_UNHOLDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MARKUP = re.compile('[&<>"\t\n\r]')  # line ends and tabs by number: a reader may change them otherwise
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_ENCODINGS = frozenset({"", "utf-8", "us-ascii", "ascii"})


def can_hold(text: str) -> bool:
    """Whether XML 1.0 has a way to write *text*: not with most control characters, nor with odd bytes."""
    return not _UNHOLDABLE.search(text)


def escaped(text: str) -> str:
    """*text* as it stands between tags or quotes; a reader gets back just that."""
    return _MARKUP.sub(lambda char: _NAMED.get(char[0]) or f"&#{ord(char[0])};", text)


def held(text: str) -> str:
    """*text* with a question mark for each character that XML can't hold."""
    return _UNHOLDABLE.sub("?", text)


class Reader:
    """
    Reads a document in UTF-8 as it comes. What it is made of, subclasses gather.

    *open* has the names of the elements around, the innermost last. ValueError ends the reading: the
    document is not well-formed, has a document type or another encoding, is nested too deeply, or would
    take too much memory or time.
    """

    def __init__(self) -> None:
        self.open: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._read = 0  # bytes of the document so far
        self._waiting = 0  # those of them that nothing was told of yet
        self._parser = expat.ParserCreate("utf-8", _BETWEEN)
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.XmlDeclHandler = _check_encoding
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.StartNamespaceDeclHandler = self._pass  # so that its names are counted
        self._parser.DefaultHandlerExpand = self._pass

    def feed(self, content: bytes | memoryview, *, is_last: bool = False) -> None:
        """Read on in *content*; with *is_last* the document must be whole by then."""
        with memoryview(content) as whole:
            for start in range(0, len(whole), _PIECE):
                self._parse(whole[start : start + _PIECE])
        if is_last:
            self._parse(b"", is_last=True)

    def began(self, space: str, attributes: Mapping[str, str]) -> None:
        """The innermost element, of the namespace *space*, begins."""

    def ended(self, name: str, text: str) -> None:
        """An element ends; *text* stood before its end, behind any element in it."""

    def _parse(self, piece: bytes | memoryview, *, is_last: bool = False) -> None:
        self._read += len(piece)
        self._waiting += len(piece)
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise ValueError(f"it is no well-formed XML (line {error.lineno})") from None
        if self._waiting > _LONGEST_TOKEN:
            raise ValueError("its XML has a piece that is too long")
        if len(self._parser.intern) > _MOST_NAMES:
            raise ValueError("its XML has too many names")
        if self._read > _LARGEST:
            raise ValueError("it is too large")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= _DEEPEST:
            raise ValueError("its XML is nested too deeply")
        self._waiting = 0
        space, _, own = name.rpartition(_BETWEEN)
        self._forget_text()
        self.open.append(own)
        self.began(space, attributes)

    def _end(self, _name: str) -> None:
        self._waiting = 0
        text = "".join(self._text)
        self._forget_text()
        self.ended(self.open.pop(), text)

    def _data(self, piece: str) -> None:
        self._waiting = 0
        self._length += len(piece)
        if self._length <= _LONGEST:
            self._text.append(piece)

    def _pass(self, *_told: object) -> None:
        self._waiting = 0

    def _forget_text(self) -> None:
        self._text.clear()
        self._length = 0


def _refuse(*_declared: object) -> None:
    raise ValueError("its XML has a document type")


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding or "").lower() not in _ENCODINGS:
        raise ValueError("its encoding is not UTF-8")

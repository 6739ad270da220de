"""The size of a JPEG XL picture, which its codestream packs into a few bits."""

# ruff: noqa: PLR2004 - the numbers are those of the format
from __future__ import annotations

from cardcat.media import values

_LENGTHS = (9, 13, 18, 30)  # bits of a side, by its selector
_RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height; 0: none


def codestream_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first bytes of a codestream."""
    if not data.startswith(b"\xff\x0a") or len(data) < 12:
        return None
    bits = _Bits(int.from_bytes(data[2:12], "little"))
    is_small = bits.take(1)
    height = bits.side(is_small)
    ratio = bits.take(3)
    width = height * _RATIOS[ratio][0] // _RATIOS[ratio][1] if ratio else bits.side(is_small)
    return values.size(width, height)


class _Bits:
    """Numbers of some bits each, the lowest first."""

    def __init__(self, rest: int) -> None:
        self._rest = rest

    def take(self, count: int) -> int:
        """The next number of *count* bits."""
        found, self._rest = self._rest & ((1 << count) - 1), self._rest >> count
        return found

    def side(self, is_small: int) -> int:
        """The next side: in steps of eight pixels where it is small."""
        if is_small:
            return (self.take(5) + 1) * 8
        return self.take(_LENGTHS[self.take(2)]) + 1

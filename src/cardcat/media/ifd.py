"""Tables of rows of one size in memory, above all the IFDs of TIFF; they end where their bytes end."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """A tag, its type, the amount of values, and the four bytes that are them or say where they are."""

    tag: int
    kind: int
    amount: int
    raw: bytes
    offset: int


def rows(layout: str, data: bytes) -> Iterator[tuple[Any, ...]]:
    """The rows in *data*, each packed as *layout*; what is left at the end is no row."""
    size = struct.calcsize(layout)
    return struct.iter_unpack(layout, data[: len(data) // size * size])


def order_of(block: bytes) -> str:
    """The byte order that *block* begins with, as `struct` writes it."""
    return "<" if block.startswith(b"II") else ">"


def number(order: str, data: bytes) -> int:
    """All of *data* as one number; 0 without any."""
    return int.from_bytes(data, "little" if order == "<" else "big")


def entries(block: bytes, order: str, at: int, most: int) -> Iterator[Entry]:
    """The first *most* entries of the IFD at *at* of *block*."""
    count = number(order, block[at : at + 2])
    table = block[at + 2 : at + 2 + 12 * min(count, most)]
    for tag, kind, amount, raw in rows(order + "HHI4s", table):
        yield Entry(tag, kind, amount, raw, number(order, raw))

"""Numbers as makers store them in films. Pure."""

from __future__ import annotations

from typing import Literal


def ratio(data: bytes, at: int, order: Literal["little", "big"] = "little") -> float | None:
    """The fraction of two 32-bit numbers at *at*, None if there is none."""
    above = int.from_bytes(data[at : at + 4], order)
    below = int.from_bytes(data[at + 4 : at + 8], order)
    return above / below if below and len(data) >= at + 8 else None

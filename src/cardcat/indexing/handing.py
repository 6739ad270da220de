"""How a command that started a flow in this process gets what came of it, whatever becomes of the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from cardcat.indexing.results import Indexed


@dataclass(slots=True)
class Handed:
    """The result of the index at work, once there is one."""

    result: Indexed | None = None


_handed: ContextVar[Handed] = ContextVar("handed")


@contextmanager
def handing() -> Iterator[Handed]:
    """Keep what an index inside of this hands over."""
    kept = Handed()
    token = _handed.set(kept)
    try:
        yield kept
    finally:
        _handed.reset(token)


def hand_over(result: Indexed) -> None:
    """Give *result* to who waits for it in this process, if anybody does."""
    if kept := _handed.get(None):
        kept.result = result

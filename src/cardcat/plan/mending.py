"""Decisions about checking and mending copies: pure, over what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from cardcat.model import Evidence, Presence

AT_ONCE = 64 << 20  # bytes that are read before it is recorded: what an interruption costs
_MOST = 64  # files


class Sized(Protocol):
    """Anything with a size in bytes."""

    @property
    def size(self) -> int:
        """Bytes."""


class Known(Protocol):
    """What is known of a copy that another one could be restored from."""

    @property
    def id(self) -> int:
        """What tells it from others."""

    @property
    def volume_key(self) -> str:
        """What recognises its volume."""

    @property
    def status(self) -> Presence:
        """Whether it is there."""

    @property
    def evidence(self) -> Evidence:
        """How well it is known to be right."""

    @property
    def verified_at(self) -> int | None:
        """UTC seconds."""


S = TypeVar("S", bound=Sized)
K = TypeVar("K", bound=Known)


def portions(files: Iterable[S]) -> Iterator[list[S]]:
    """*files* in their order, cut so that none has many bytes but a single large file."""
    portion: list[S] = []
    size = 0
    for file in files:
        if portion and (size + file.size > AT_ONCE or len(portion) == _MOST):
            yield portion
            portion, size = [], 0
        portion.append(file)
        size += file.size
    if portion:
        yield portion


def has_time(size: int, *, done: int, elapsed: float, budget: float | None) -> bool:
    """
    Whether *size* more bytes are begun, *done* bytes and *elapsed* seconds into a *budget* of seconds.

    What would take longer than what is left is not, unless it comes first: else it would never come.
    """
    if budget is None or (done == 0 and elapsed < budget):
        return True
    if elapsed >= budget:
        return False
    return size * elapsed <= done * (budget - elapsed)


def by_trust(copies: Sequence[K], *, instead_of: K) -> list[K]:
    """
    The copies to restore another one from, the most trustworthy first: on other volumes before its own.

    Which bytes are right the recorded hash decides; this is only the order in which they are read.
    """
    there = [copy for copy in copies if copy.id != instead_of.id and copy.status is Presence.PRESENT]
    return sorted(
        there,
        key=lambda copy: (
            copy.volume_key == instead_of.volume_key,
            -copy.evidence.rank,
            -(copy.verified_at or 0),
        ),
    )

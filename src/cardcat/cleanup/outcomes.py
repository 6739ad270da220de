"""What came of a cleanup, for people and for JSON."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field

from cardcat.catalog.cleanups import StepRow
from cardcat.cleanup.orders import Order, Orders
from cardcat.cleanup.roots import At
from cardcat.errors import CardcatError, DestinationError
from cardcat.paths import display
from cardcat.text import cause

_DRIVE_TROUBLE = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Told:
    """
    One copy: its *path* and size, and where it is put away, or was.

    *keeper* is the copy that stays; *reason* says why it was left as it is.
    """

    path: str
    size: int
    hash: str
    aside: str | None = None
    keeper: str | None = None
    reason: str = ""


@dataclass(slots=True)
class Outcome:
    """
    What was done, or would be where *dry_run*.

    *left* stay as they are, each with its reason; *failed* too, because something went wrong. *errors* are of
    drives that can't be worked on. *already* were done by an earlier run, *pending* wait for the next one.
    """

    cleanup_id: int | None = None
    dry_run: bool = False
    done: list[Told] = field(default_factory=list)
    left: list[Told] = field(default_factory=list)
    failed: list[Told] = field(default_factory=list)
    errors: list[CardcatError] = field(default_factory=list)
    already: int = 0
    pending: int = 0
    cancelled: bool = False

    @property
    def size(self) -> int:
        """The bytes of what was done."""
        return sum(each.size for each in self.done)


def drive_trouble(drive: str, error: OSError) -> CardcatError | None:
    """What is to be told where a drive is full or read-only, which is about no single file; else None."""
    if error.errno not in _DRIVE_TROUBLE:
        return None
    return DestinationError(
        f"The drive {display(drive)} can't be written: {cause(error)}.",
        hint="Give the same command again to go on.",
    )


def told(order: Order, aside: str | None = None) -> Told:
    """What is told of an order that was carried out, or would be."""
    return Told(order.shown, order.goer.size, order.goer.hash, aside, order.keeper.path)


def refused(orders: Orders) -> list[Told]:
    """What is told of orders that ask for too much."""
    return [Told(each.shown, each.size, each.hash, reason=each.reason) for each in orders.refused]


def told_of(step: StepRow, at: At, reason: str = "") -> Told:
    """What is told of a step on record."""
    root = "/".join([at.place.volume_name.rstrip("/"), at.place.path]).rstrip("/")
    aside = None if step.aside is None else f"{root}/{step.aside}"
    return Told(f"{root}/{step.path}", step.size, step.hash, aside, reason=reason)

"""Who does the backups that a watch starts: this process, or whatever else can be asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cardcat import stopping
from cardcat.errors import CancelledError, CardcatError
from cardcat.model import BackupOptions, BackupResult, SessionStatus
from cardcat.paths import display

if TYPE_CHECKING:  # a watch's command is known before any of it is loaded
    from collections.abc import Mapping
    from pathlib import Path

    from cardcat.catalog.watched import WatchedCard, WatchedDestination
    from cardcat.inserted import InsertedCard


@dataclass(frozen=True, slots=True)
class Order:
    """
    A backup that is due: of the card called *card*, as *options* say.

    *key* is the same word whenever the same backup is ordered again because nobody knows whether it was
    started, and another one for every other.
    """

    card: str
    options: BackupOptions
    key: str


@dataclass(frozen=True, slots=True)
class Started:
    """
    What became of an order: the flow run of its own that does it, or None after it was done here.

    *is_failed* says that it was done here and did not complete.
    """

    flow_run_id: str | None = None
    is_failed: bool = False


class NotNowError(CardcatError):
    """The backup can't be started now, and nothing is wrong with it: the next look tries again."""


def order_for(card: InsertedCard, enabled: WatchedCard, there: Mapping[WatchedDestination, Path]) -> Order:
    """The backup of a card to those folders; its key is another one as soon as it was started."""
    parts = [card.volume.key, card.insertion.stamp, str(enabled.added_at)]
    parts += [f"{each.position} after {each.flow_run_id}" for each in there]
    options = BackupOptions(
        source=card.plugged.mount_point,
        destinations=tuple(there.values()),
        layout=enabled.layout,
        timezone=enabled.timezone,
        excludes=enabled.excludes,
        volumes=(card.volume.key, *(each.drive.key for each in there)),
    )
    return Order(card.volume.name, options, "; ".join(parts))


class Starter(Protocol):
    """Who does the backups."""

    def start(self, order: Order) -> Started:
        """
        Do the backup, or have a flow run of its own do it.

        CancelledError if it was broken off and is still to do; NotNowError, CatalogBusyError or
        DestinationBusyError if it is to be tried again; another CardcatError if it can't be done.
        """

    def is_at_work(self, flow_run_id: str) -> bool:
        """Whether a run that was started earlier has not ended yet."""


class Here:
    """Does backups in this process; *done* is told how each went."""

    def __init__(self, catalog: str | None, done: Callable[[Order, BackupResult], None]) -> None:
        self._catalog = catalog
        self._done = done

    def start(self, order: Order) -> Started:
        """Back up, and tell how it ended."""
        from cardcat.backup import backup  # noqa: PLC0415 - a watch that waits for days needs none of it

        result = backup(order.options, catalog=self._catalog, stop=stopping.stop_requested)
        self._done(order, result)
        if stopping.stop_requested() and result.status is not SessionStatus.COMPLETED:
            raise CancelledError(f"The backup of {display(order.card)} was cancelled.")
        return Started(is_failed=any(each.status is not SessionStatus.COMPLETED for each in result.sessions))

    def is_at_work(self, flow_run_id: str) -> bool:  # noqa: ARG002 - there is no server to be asked
        """Nobody can say here; a run that has begun to copy is in the catalog."""
        return False

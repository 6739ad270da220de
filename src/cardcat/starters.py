"""Who does the backups that a watch starts: this process, or whatever else can be asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cardcat import stopping
from cardcat.errors import CancelledError
from cardcat.model import BackupOptions, BackupResult, SessionStatus
from cardcat.paths import display


@dataclass(frozen=True, slots=True)
class Order:
    """A backup that is due: of the card called *card*, as *options* say."""

    card: str
    options: BackupOptions


class Starter(Protocol):
    """Who does the backups."""

    def start(self, order: Order) -> str | None:
        """
        Do the backup, or have a flow run of its own do it, whose id is returned.

        CancelledError if it was broken off and is still to do; another CardcatError if it can't be done.
        """

    def is_at_work(self, flow_run_id: str) -> bool:
        """Whether a run that was started earlier has not ended yet."""


class Here:
    """Does backups in this process; *done* is told how each went."""

    def __init__(self, catalog: str | None, done: Callable[[Order, BackupResult], None]) -> None:
        self._catalog = catalog
        self._done = done

    def start(self, order: Order) -> str | None:
        """Back up, and return None when it is over, however it ended."""
        from cardcat.backup import backup  # noqa: PLC0415 - a watch that waits for days needs none of it

        result = backup(order.options, catalog=self._catalog, stop=stopping.stop_requested)
        self._done(order, result)
        if stopping.stop_requested() and result.status is not SessionStatus.COMPLETED:
            raise CancelledError(f"The backup of {display(order.card)} was cancelled.")
        return None

    def is_at_work(self, flow_run_id: str) -> bool:  # noqa: ARG002 - there is no server to be asked
        """Nobody can say here; a run that has begun to copy is in the catalog."""
        return False

"""Looking for cards that were plugged in, and starting a backup of those that are enabled (`watchlist`)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cardcat import stopping
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.volumes import every_volume
from cardcat.catalog.watched import (
    Place,
    WatchedCard,
    WatchedDestination,
    claim,
    forget_insertions,
    list_watched,
    note_started,
    note_told,
    places_at_work,
    release,
    was_told,
)
from cardcat.drives import is_doubtful
from cardcat.errors import CancelledError, CardcatError, CatalogBusyError, DestinationBusyError
from cardcat.inserted import CardState, InsertedCard, SeenCard, inserted_cards
from cardcat.model import Volume
from cardcat.owner import is_alive, owner_stamp
from cardcat.paths import display, quoted, to_text
from cardcat.plan.cards import is_due
from cardcat.reporting import current
from cardcat.starters import NotNowError, Started, Starter, order_for
from cardcat.storage.disk import Disk
from cardcat.storage.locks import is_locked
from cardcat.storage.mounts import MountWatch
from cardcat.storage.system import this_disk
from cardcat.storage.volumes import mounted_volumes, path_from_volume, volume_of

EVERY = 5.0
"""Seconds between two looks where nothing is told; a card that is mounted is told of at once."""

_STILL_TO_DO = (CancelledError, CatalogBusyError, DestinationBusyError, NotNowError)
_UNTIL_SEEN = 15 * 60  # seconds after which a run has a session in the catalog, or never will


def watch(catalog: str | None, starter: Starter) -> None:
    """Look again and again, and at once when something is mounted, until the user asks for an end."""
    told = ""
    with MountWatch() as changes:
        while not stopping.stop_requested():
            try:
                with open_catalog(catalog) as opened:
                    look(opened, starter)
                told = ""
            except CatalogBusyError as error:  # later it may be free
                if error.message != told:
                    current().note(error.message)
                told = error.message
            changes.wait(EVERY, stopping.stop_requested)


def look(catalog: Catalog, starter: Starter, disk: Disk | None = None) -> list[SeenCard]:
    """
    See which cards are plugged in, and start the backups that are due.

    A card that is not enabled, or not for sure the one that is, is only told of, once for each time that it
    is plugged in; of it no more is read than the names of its top folders. Nothing is written to a card.
    """
    with catalog.read() as c:
        enabled = {card.volume.key: card for card in list_watched(c, _is_other)}
        drives = {known.volume.key for known in every_volume(c) if known.is_drive}
    looking = _Look(catalog, starter, list(enabled.values()))
    cards = inserted_cards(enabled.keys(), drives, disk or this_disk())
    looking.forget([card for key, card in enabled.items() if key not in {each.volume.key for each in cards}])
    return [looking.see(card, enabled.get(card.volume.key)) for card in cards]


class _Look:
    """One look; what it has started so far is kept apart from what it may start."""

    def __init__(self, catalog: Catalog, starter: Starter, enabled: Sequence[WatchedCard]) -> None:
        self._catalog = catalog
        self._starter = starter
        self._enabled = enabled
        self._begun: set[Place] = set()  # by runs of their own, which have no session yet
        self._mounted: list[Volume] | None = None

    def forget(self, absent: Sequence[WatchedCard]) -> None:
        """Note that these cards are out of the reader."""
        ids = [card.volume.id for card in absent if any(each.handled for each in card.destinations)]
        if ids:
            with self._catalog.write() as c:
                forget_insertions(c, ids)

    def see(self, card: InsertedCard, enabled: WatchedCard | None) -> SeenCard:
        """Start the backup of a card if it is due; what is the matter with it."""
        state = self._unknown(card) if enabled is None else self._known(card, enabled)
        return SeenCard(card.volume.name, card.plugged.mount_point, card.sign, state)

    def _unknown(self, card: InsertedCard) -> CardState:
        point = quoted(str(card.plugged.mount_point))
        if not card.volume.fs_uuid:
            way = f"It has no UUID to be recognised by. To back it up: cardcat backup {point} DEST"
        elif before := self._before_formatting(card):
            folders = " ".join(quoted(_usual(each)) for each in before.destinations)
            way = (
                f"If it is {display(card.volume.name)}, formatted since it was enabled: "
                f"cardcat watch enable {point} {folders}"
            )
        else:
            way = f"To have it backed up whenever it is plugged in: cardcat watch enable {point} DEST"
        self._tell(card, "not enabled", f"{card.called} looks like a camera card ({card.sign}). {way}")
        return CardState.NOT_ENABLED

    def _before_formatting(self, card: InsertedCard) -> WatchedCard | None:
        """The enabled card that looks like this one: a camera that formats a card gives it a new UUID."""
        looks = (card.volume.label, card.volume.total_bytes)
        alike = (each for each in self._enabled if (each.volume.label, each.volume.total_bytes) == looks)
        return next(alike, None)

    def _known(self, card: InsertedCard, enabled: WatchedCard) -> CardState:
        if card.top is None:
            self._tell(card, "unreadable", f"{card.called} is enabled, but its folder can't be listed.")
            return CardState.UNREADABLE
        due = [each for each in enabled.destinations if is_due(each.handled, card.insertion)]
        if not due:
            return CardState.DONE
        if self._is_doubtful(card, enabled):
            return CardState.DOUBTFUL
        if card.top.is_empty:
            return CardState.EMPTY
        there = {each: path for each in due if (path := self._where(each))}
        for absent in [each for each in due if each not in there]:
            self._tell_absent(card, absent)
        return self._started(card, enabled, there) if there else CardState.WAITING

    def _is_doubtful(self, card: InsertedCard, enabled: WatchedCard) -> bool:
        """Whether the card may be another one than the one that was enabled, or a clone of it."""
        with self._catalog.read() as c:
            doubtful = is_doubtful(c, card.volume)
        if not doubtful and enabled.volume.total_bytes in (None, card.volume.total_bytes):
            return False
        point = quoted(str(card.plugged.mount_point))
        self._tell(
            card,
            "doubtful",
            f"{card.called} has the UUID of a card that is enabled, but is in another reader than it was, of "
            "another size, or there twice: it may be a clone. Nothing was started. It is known again after a "
            f"backup by hand: cardcat backup {point} DEST",
        )
        return True

    def _started(
        self, card: InsertedCard, enabled: WatchedCard, there: Mapping[WatchedDestination, Path]
    ) -> CardState:
        if not card.is_there:
            return CardState.GONE
        if any(map(self._is_busy, there)) or any(map(is_locked, there.values())):
            return CardState.AT_WORK
        try:
            with self._claimed(card, enabled, list(there)) as claimed:
                if not claimed.destinations:
                    return CardState.AT_WORK
                order = order_for(card, enabled, {each: there[each] for each in claimed.destinations})
                claimed.started = self._starter.start(order)
        except (CancelledError, CatalogBusyError):
            raise
        except (NotNowError, DestinationBusyError) as error:
            current().note(f"{card.called} is not backed up yet: {error.message} {error.hint}".rstrip())
            return CardState.NOT_NOW
        except CardcatError as error:
            current().note(f"{card.called} was not backed up: {error.message} {error.hint}".rstrip())
            return CardState.FAILED
        finally:
            self._mounted = None  # it may have taken hours
        if claimed.started.flow_run_id is not None:
            self._begun |= {each.place for each in claimed.destinations}
        return CardState.FAILED if claimed.started.is_failed else CardState.STARTED

    @contextmanager
    def _claimed(
        self, card: InsertedCard, enabled: WatchedCard, wanted: Sequence[WatchedDestination]
    ) -> Iterator[_Claim]:
        """
        Those of *wanted* that no other process has taken on. After the block they are handled.

        If it was broken off, or is to be tried again, they are still to do; so they are if this process is
        killed.
        """
        with self._catalog.write() as c:
            positions = claim(
                c,
                enabled.volume.id,
                [each.position for each in wanted],
                stamp=card.insertion.stamp,
                starter=owner_stamp(),
                is_alive=_is_other,
                now=int(time.time()),
            )
        claimed = _Claim([each for each in wanted if each.position in positions])
        try:
            yield claimed
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, _STILL_TO_DO):
                self._settle(enabled, positions, None)
            else:  # Prefect cancels with what is no Exception
                with self._catalog.write() as c:
                    release(c, enabled.volume.id, positions)
            raise
        self._settle(enabled, positions, claimed.started.flow_run_id)

    def _settle(self, enabled: WatchedCard, positions: Sequence[int], flow_run_id: str | None) -> None:
        with self._catalog.write() as c:
            note_started(c, enabled.volume.id, positions, flow_run_id)

    def _is_busy(self, destination: WatchedDestination) -> bool:
        """Whether another run writes there or was just started to: two would be in each other's way."""
        if destination.place in self._begun:
            return True
        with self._catalog.read() as c:
            if destination.place in places_at_work(c, is_alive):
                return True
        every = [each for card in self._enabled for each in card.destinations]
        return any(self._is_begun(each) for each in every if each.place == destination.place)

    def _is_begun(self, destination: WatchedDestination) -> bool:
        """Whether what was last started for this card and drive is at work, as far as no session tells."""
        run = destination.flow_run_id
        is_fresh = time.time() - (destination.handled_at or 0) < _UNTIL_SEEN
        return destination.is_starting or (run is not None and is_fresh and self._starter.is_at_work(run))

    def _where(self, destination: WatchedDestination) -> Path | None:
        """The folder as it can be reached now, None while its drive is not plugged in."""
        if self._mounted is None:
            self._mounted = mounted_volumes()
        for volume in self._mounted:
            path = path_from_volume(volume, destination.path) if volume.key == destination.drive.key else None
            if path and _is_on(path, volume):
                return path
        return None

    def _tell_absent(self, card: InsertedCard, destination: WatchedDestination) -> None:
        drive = destination.drive
        self._tell(
            card,
            f"absent {destination.drive.key} {to_text(destination.path)[0]}",
            f"{card.called} is to be backed up to {display(_usual(destination))}, which is not there. "
            f"It will be as soon as the drive {display(drive.name)} is plugged in.",
        )

    def _tell(self, card: InsertedCard, about: str, sentence: str) -> None:
        """Say it once for each time that the card is plugged in."""
        place = f"{about} at {to_text(str(card.plugged.mount_point))[0]}"
        said = (card.volume.key, place, card.plugged.stay)
        with self._catalog.read() as c:
            if was_told(c, *said):
                return
        with self._catalog.write() as c:
            note_told(c, *said, int(time.time()))
        current().note(sentence)


@dataclass(slots=True)
class _Claim:
    """What this process has taken on, and what became of it."""

    destinations: list[WatchedDestination]
    started: Started = field(default_factory=Started)


def _is_other(stamp: str) -> bool:
    """Whether another process, that lives, is about to start a backup. This one is between two of them."""
    return stamp != owner_stamp() and is_alive(stamp)


def _usual(destination: WatchedDestination) -> str:
    """Where the folder was when its drive was last seen."""
    return str(Path(destination.drive.last_mount_point or "/", destination.path))


def _is_on(path: Path, volume: Volume) -> bool:
    """Whether it is a folder there, and nothing else is mounted over it."""
    try:
        return path.is_dir() and volume_of(path).key == volume.key
    except OSError:
        return False

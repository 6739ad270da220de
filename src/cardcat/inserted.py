"""The cards that are in a reader now, and what can be the matter with one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cardcat.model import Volume
from cardcat.paths import display
from cardcat.plan.cards import Insertion, Top, card_sign, is_to_open, may_be_sign, may_hold_card
from cardcat.storage.disk import Disk
from cardcat.storage.readers import Plugged, plugged_volumes, top_of
from cardcat.storage.volumes import volume_of


class CardState(StrEnum):
    """What is the matter with a card that is plugged in."""

    STARTED = "started"  # a backup was started now; in this process it is done
    DONE = "done"  # one was started for this insertion before
    AT_WORK = "at work"  # another backup has one of its drives, or is about to: after that
    WAITING = "waiting"  # for its drive
    EMPTY = "empty"
    DOUBTFUL = "doubtful"  # it may be another card than the one that was enabled
    UNREADABLE = "unreadable"
    NOT_NOW = "not now"  # something was in the way that passes: tried again at the next look
    GONE = "gone"  # since the look began; what is in its place now, the next one sees
    FAILED = "failed"  # the backup could not be started, or was done in this process and did not complete
    NOT_ENABLED = "not enabled"


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A card that is plugged in now. *sign* is the folder that it was recognised by, if it has one."""

    name: str
    mount_point: Path
    sign: str | None
    state: CardState


@dataclass(frozen=True, slots=True)
class InsertedCard:
    """A volume that is a card, or was said to be one; *top* is None if it can't be listed."""

    plugged: Plugged
    volume: Volume
    top: Top | None

    @property
    def sign(self) -> str | None:
        """The folder that tells that it is a camera card, if it has one."""
        return card_sign(self.top) if self.top else None

    @property
    def insertion(self) -> Insertion:
        """Its present stay in the reader, with what is on it now."""
        return Insertion(self.plugged.stay, self.volume.free_bytes)

    @property
    def is_there(self) -> bool:
        """Whether it is still mounted there: a look may take hours, and cards are changed meanwhile."""
        try:
            now = volume_of(self.plugged.mount_point)
        except OSError:
            return False
        seen = self.volume
        return (now.key, now.disk, now.total_bytes) == (seen.key, seen.disk, seen.total_bytes)

    @property
    def called(self) -> str:
        """Its name and place, for a message."""
        return f"{display(self.volume.name)} at {display(str(self.plugged.mount_point))}"


def inserted_cards(enabled: Collection[str], drives: Collection[str], disk: Disk) -> list[InsertedCard]:
    """
    The cards that are plugged in, in the order of mounting: those whose keys are *enabled*, and what looks
    like a camera card. Never a disk that the computer runs from; of *drives* only those that are enabled.
    """
    found = []
    for plugged in plugged_volumes():
        may_be = may_hold_card(
            plugged.mount_point, is_removable=plugged.is_removable, is_system=plugged.is_system
        )
        if plugged.is_system or not (enabled or may_be):
            continue
        try:
            volume = volume_of(plugged.mount_point)
        except OSError:  # pulled meanwhile, or not ours to look at
            continue
        if volume.key in enabled or (may_be and volume.key not in drives):
            card = InsertedCard(plugged, volume, _top(plugged.mount_point, disk))
            if volume.key in enabled or card.sign:
                found.append(card)
    return found


def _top(mount_point: Path, disk: Disk) -> Top | None:
    try:
        return top_of(mount_point, disk, may_be_sign, is_to_open)
    except OSError:
        return None

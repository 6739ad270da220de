"""Cards that are backed up when they are plugged in: where to, and what was started for which insertion."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, Update, delete, insert, select, update

from cardcat.catalog.bulk import Value, insert_or_renew
from cardcat.catalog.tables import (
    backup_sessions,
    locations,
    session_details,
    watch_notes,
    watched_cards,
    watched_destinations,
)
from cardcat.catalog.volumes import VolumeRow, get_volume
from cardcat.model import Layout, SessionStatus
from cardcat.paths import from_text, to_text

_KEEP_NOTES = 90 * 86_400  # seconds; no card stays in a reader that long without being told of again

IsAlive = Callable[[str], bool]
"""Whether the process of an owner stamp still lives."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder by the volume that it is on: *path* is relative to that one's root."""

    drive_id: int
    path: str


@dataclass(frozen=True, slots=True)
class WatchedDestination:
    """
    Where a card is backed up to. *handled* is the stamp of the insertion that this was last started for.

    *is_starting*: a process that lives is about to start it, or doing it. *flow_run_id* is the run that
    does it, None where the process itself did; until another is started, the one before.
    """

    position: int
    drive: VolumeRow
    path: str
    handled: str | None
    handled_at: int | None
    is_starting: bool
    flow_run_id: str | None

    @property
    def place(self) -> Place:
        """Which folder it is, wherever its drive is mounted."""
        return Place(self.drive.id, self.path)


@dataclass(frozen=True, slots=True)
class WatchedCard:
    """A card that is enabled, and the order that is given for it."""

    volume: VolumeRow
    layout: Layout
    timezone: str | None
    excludes: tuple[str, ...]
    added_at: int
    destinations: tuple[WatchedDestination, ...]


def enable_card(
    c: Connection,
    volume_id: int,
    places: Sequence[Place],
    *,
    layout: Layout,
    timezone: str | None,
    excludes: Sequence[str],
    now: int,
) -> None:
    """Have the card backed up to *places* when it is plugged in. What was said of it before goes."""
    disable_card(c, volume_id)
    order: dict[str, Value] = {
        "layout": layout.value,
        "timezone": timezone,
        "excludes": json.dumps(list(excludes)),
    }
    c.execute(insert(watched_cards), order | {"volume_id": volume_id, "added_at": now})
    for position, place in enumerate(places):
        text, raw = to_text(place.path)
        where: dict[str, Value] = {"drive_id": place.drive_id, "path": text, "path_raw": raw or b""}
        c.execute(insert(watched_destinations), where | {"volume_id": volume_id, "position": position})


def disable_card(c: Connection, volume_id: int) -> bool:
    """Leave the card alone from now on; whether it was enabled."""
    return bool(c.execute(delete(watched_cards).where(watched_cards.c.volume_id == volume_id)).rowcount)


def list_watched(c: Connection, is_alive: IsAlive) -> list[WatchedCard]:
    """Every card that is enabled, in the order of enabling."""
    query = select(watched_cards).order_by(watched_cards.c.added_at, watched_cards.c.volume_id)
    return [
        WatchedCard(
            volume=get_volume(c, row.volume_id),
            layout=Layout(row.layout),
            timezone=row.timezone,
            excludes=tuple(json.loads(row.excludes)),
            added_at=row.added_at,
            destinations=tuple(_destination(c, each, is_alive) for each in _rows(c, row.volume_id)),
        )
        for row in c.execute(query).all()
    ]


def claim(
    c: Connection,
    volume_id: int,
    positions: Collection[int],
    *,
    stamp: str,
    starter: str,
    is_alive: IsAlive,
    now: int,
) -> list[int]:
    """
    Take on the backups to *positions* for the insertion *stamp*; those that nobody has taken on for it yet.

    *starter* is the owner stamp of this process. Of two processes only one is given each, and of two cards
    that go to one place only one is.
    """
    taken_places = _places_taken(c, is_alive)
    free = [
        row.position
        for row in _rows(c, volume_id)
        if row.position in positions and _place(row) not in taken_places and _handled(row, is_alive) != stamp
    ]
    taken: dict[str, Value] = {"handled": stamp, "handled_at": now, "starter": starter}
    c.execute(_of(volume_id, free).values(taken))
    return free


def note_started(c: Connection, volume_id: int, positions: Collection[int], flow_run_id: str | None) -> None:
    """The backup that was claimed is done, however it ended, or the business of a run of its own."""
    c.execute(_of(volume_id, positions).values(starter=None, flow_run_id=flow_run_id))


def release(c: Connection, volume_id: int, positions: Collection[int]) -> None:
    """Nothing was done of what was claimed, or not all of it: it is still to do."""
    c.execute(_of(volume_id, positions).values(starter=None, handled=None))


def forget_insertions(c: Connection, volume_ids: Collection[int]) -> None:
    """These cards are not in a reader now: when they come, it is another insertion, whatever its stamp."""
    c.execute(
        update(watched_destinations)
        .where(watched_destinations.c.volume_id.in_(volume_ids), watched_destinations.c.handled.is_not(None))
        .values(handled=None)
    )


def places_at_work(c: Connection, is_alive: IsAlive) -> set[Place]:
    """The folders that a session is writing to now."""
    query = (
        select(session_details.c.owner, locations.c.volume_id, locations.c.path, locations.c.path_raw)
        .join(backup_sessions, backup_sessions.c.id == session_details.c.session_id)
        .join(locations, locations.c.id == session_details.c.destination_location_id)
        .where(backup_sessions.c.status == SessionStatus.RUNNING.value)
    )
    return {
        Place(row.volume_id, from_text(row.path, row.path_raw))
        for row in c.execute(query)
        if row.owner is not None and is_alive(row.owner)
    }


def was_told(c: Connection, volume_key: str, about: str, stay: str) -> bool:
    """Whether *about* was said of the card already, in this stay in the reader."""
    n = watch_notes.c
    return c.scalar(select(n.stay).where(n.volume_key == volume_key, n.about == about)) == stay


def note_told(c: Connection, volume_key: str, about: str, stay: str, now: int) -> None:
    """It was said now. What was said of cards that have not been seen for long goes."""
    c.execute(delete(watch_notes).where(watch_notes.c.told_at < now - _KEEP_NOTES))
    note: dict[str, Value] = {"volume_key": volume_key, "about": about, "stay": stay, "told_at": now}
    c.execute(insert_or_renew(c, watch_notes, "stay", "told_at"), note)


def _rows(c: Connection, volume_id: int) -> Sequence[Row[tuple[Value, ...]]]:
    d = watched_destinations
    return c.execute(select(d).where(d.c.volume_id == volume_id).order_by(d.c.position)).all()


def _places_taken(c: Connection, is_alive: IsAlive) -> set[Place]:
    """The folders that a process which lives is about to start a backup to, of whatever card."""
    d = watched_destinations
    rows = c.execute(select(d).where(d.c.starter.is_not(None))).all()
    return {_place(row) for row in rows if _is_starting(row, is_alive)}


def _place(row: Row[tuple[Value, ...]]) -> Place:
    return Place(row.drive_id, from_text(row.path, row.path_raw))


def _destination(c: Connection, row: Row[tuple[Value, ...]], is_alive: IsAlive) -> WatchedDestination:
    return WatchedDestination(
        position=row.position,
        drive=get_volume(c, row.drive_id),
        path=from_text(row.path, row.path_raw),
        handled=_handled(row, is_alive),
        handled_at=row.handled_at,
        is_starting=_is_starting(row, is_alive),
        flow_run_id=row.flow_run_id,
    )


def _is_starting(row: Row[tuple[Value, ...]], is_alive: IsAlive) -> bool:
    return row.starter is not None and is_alive(row.starter)


def _handled(row: Row[tuple[Value, ...]], is_alive: IsAlive) -> str | None:
    """What was started for; nothing if the process that was about to is gone."""
    return row.handled if row.starter is None or is_alive(row.starter) else None


def _of(volume_id: int, positions: Collection[int]) -> Update:
    d = watched_destinations
    return update(d).where(d.c.volume_id == volume_id, d.c.position.in_(positions))

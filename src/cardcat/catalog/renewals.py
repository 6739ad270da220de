"""Renewals: which media files are to be read again, what that would change, and writing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, update

from cardcat.catalog.bulk import Value, chunks, insert_many, insert_new, unique
from cardcat.catalog.details import (
    DETAIL_COLUMNS,
    METADATA_COLUMNS,
    MOMENT_COLUMNS,
    READER_VERSION,
    detail_values,
    media_values,
    moment_of,
)
from cardcat.catalog.mentions import mentions
from cardcat.catalog.tables import (
    asset_group_members,
    asset_groups,
    backup_sessions,
    content_identity,
    file_locations,
    media_details,
    media_files,
)
from cardcat.metadata import Confidence, GroupKind, Metadata, Moment
from cardcat.model import ItemState, Kind, SessionStatus
from cardcat.paths import from_text
from cardcat.plan.dates import sureness

_ITS_OWN = frozenset(
    "duration_seconds resolution_width resolution_height format orientation rotation codec audio_codec "
    "frame_rate bit_rate bit_depth color_space live_photo_id unfinished".split()
)
"""What only the file itself tells, never one beside it: what it does not say any more, is not so."""

_FINISHED = (ItemState.VERIFIED.value, ItemState.SKIPPED.value)


@dataclass(frozen=True, slots=True)
class ToRead:
    """A media file whose metadata is to be read."""

    content_id: int
    hash: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """
    What a content of that hash says when it is read anew, and when it was taken by that.

    Not *is_whole*: what was known of it may be from something else, which may not have been read now.
    """

    hash: str
    metadata: Metadata
    moment: Moment | None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written for one content. *columns* has those that differ: before and after."""

    content_id: int
    hash: str
    media: Mapping[str, Value]
    details: Mapping[str, Value]
    columns: Mapping[str, tuple[Value, Value]]


def contents_to_read(
    c: Connection, kinds: Iterable[Kind], *, older_only: bool, after: int, limit: int
) -> list[ToRead]:
    """The next *limit* media files behind the id *after*; with *older_only* what this reader has not read."""
    k = content_identity.c
    query = _to_read(select(k.id, k.cas_id, k.kind), kinds, older_only=older_only).where(k.id > after)
    rows = c.execute(query.order_by(k.id).limit(limit))
    return [ToRead(id_, hash_, Kind(kind)) for id_, hash_, kind in rows]


def count_to_read(c: Connection, kinds: Iterable[Kind], *, older_only: bool) -> int:
    """How many `contents_to_read` gives in all."""
    return c.scalar(_to_read(select(func.count()), kinds, older_only=older_only)) or 0


def standing_alone(c: Connection, hashes: Sequence[str]) -> set[str]:
    """
    Those of these contents of which nothing but the file itself can have told anything.

    No copy of theirs is in a group but that of a camera's list, on any drive, and none is from a session
    that is not completed: its groups may not be on record yet.
    """
    k, f, m, g, s = (
        table.c
        for table in (content_identity, file_locations, asset_group_members, asset_groups, backup_sessions)
    )
    found = set(hashes)
    for chunk in chunks(unique(hashes)):
        query = (
            select(k.cas_id)
            .join(file_locations, f.content_id == k.id)
            .outerjoin(backup_sessions, s.id == f.session_id)
            .outerjoin(asset_group_members, m.file_location_id == f.id)
            .outerjoin(asset_groups, g.id == m.group_id)
            .where(
                k.cas_id.in_(chunk),
                or_(
                    s.id.is_(None), s.status != SessionStatus.COMPLETED.value, g.kind != GroupKind.INDEX.value
                ),
            )
        )
        found -= set(c.scalars(query))
    return found


def paths_on_cards(c: Connection, copy_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """
    Where the files that these copies answer for lay: session and path, the first session first.

    A copy may have had to take another name than they. Those that answer for none are left out.
    """
    f, k = file_locations.c, content_identity.c
    found: dict[int, list[tuple[int, str]]] = {}
    for chunk in chunks(unique(copy_ids)):
        i = mentions(chunk).c
        query = (
            select(i.file_location_id, i.session_id, i.source_path, i.source_path_raw)
            .join(file_locations, f.id == i.file_location_id)
            .join(content_identity, k.id == f.content_id)
            .where(i.state.in_(_FINISHED), i.hash == k.cas_id)
        )
        for copy, session, path, raw in c.execute(query.order_by(i.session_id, i.source_path)):
            found.setdefault(copy, []).append((session, from_text(path, raw)))
    return found


def changes(c: Connection, rows: Iterable[ReadAgain]) -> list[Change]:
    """
    What reading again would change, one for each of *rows* that is a known media file.

    Of a file that is not whole, or has trouble, nothing that is known is erased, and no date gives way to
    one that is less sure.
    """
    listed = list(rows)
    known = _known(c, [row.hash for row in listed])
    return [_change(row, *known[row.hash]) for row in listed if row.hash in known]


def write_changes(c: Connection, found: Sequence[Change], now: int) -> None:
    """Write them, and that this reader has read these contents."""
    versions: dict[str, Value] = {"reader_version": READER_VERSION, "updated_at": now}
    ids: list[dict[str, Value]] = [{"content_id": one.content_id} | versions for one in found]
    insert_many(c, insert_new(c, media_details), ids)
    wanted = media_details.c.content_id == bindparam("b_content_id")
    statement = update(media_details).where(wanted).values(_bound((*DETAIL_COLUMNS, *versions)))
    for some in chunks(found):
        values = [_renamed({"content_id": one.content_id, **one.details, **versions}) for one in some]
        c.execute(statement, values)
    _write_media(c, [one for one in found if one.columns.keys() & set(METADATA_COLUMNS)], now)


def _to_read(query: Select[Any], kinds: Iterable[Kind], *, older_only: bool) -> Select[Any]:
    """Also those without details: only a manifest spoke of them, or a program before there were any."""
    k, d = content_identity.c, media_details.c
    query = (
        query.select_from(content_identity)
        .join(media_files, media_files.c.hash == k.cas_id)
        .outerjoin(media_details, d.content_id == k.id)
        .where(k.kind.in_([kind.value for kind in kinds]))
    )
    if older_only:
        query = query.where(or_(d.reader_version.is_(None), d.reader_version < READER_VERSION))
    return query


def _write_media(c: Connection, found: Sequence[Change], now: int) -> None:
    columns = media_files.c
    values = _bound((*METADATA_COLUMNS, "updated_at"))
    statement = update(media_files).where(columns.hash == bindparam("b_hash")).values(values)
    for some in chunks(found):
        rows = [_renamed({"hash": one.hash, **one.media, "updated_at": now}) for one in some]
        c.execute(statement, rows)


def _change(row: ReadAgain, content_id: int, before: Mapping[str, Value]) -> Change:
    media = media_values(row.metadata, row.moment)
    details = detail_values(row.metadata, row.moment)
    if row.metadata.trouble or not row.is_whole:
        own = frozenset() if row.metadata.trouble else _ITS_OWN
        media, details = _kept(media, before, own), _kept(details, before, own)
        if _is_surer_known(before, row.moment):
            media["date_taken"] = before["date_taken"] or media["date_taken"]
            details |= {name: before[name] for name in MOMENT_COLUMNS if before["date_local"] is not None}
        details["trouble"] = row.metadata.trouble
    elif before["date_offset_source"] == "card" and _is_surer_known(before, row.moment):
        # The card's other files told the place of this instant; a file read by itself can't.
        media["date_taken"] = before["date_taken"]
        details |= {name: before[name] for name in MOMENT_COLUMNS}
    after = media | details
    columns = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    return Change(content_id, row.hash, media, details, columns)


def _kept(values: Mapping[str, Value], before: Mapping[str, Value], own: frozenset[str]) -> dict[str, Value]:
    """*values*, but for *own* completed by those *before*; when it was taken is one fact, not five."""
    told = own | frozenset(MOMENT_COLUMNS) if values.get("date_local") is not None else own
    return {
        name: before[name] if value is None and name not in told else value for name, value in values.items()
    }


def _is_surer_known(before: Mapping[str, Value], moment: Moment | None) -> bool:
    """Whether the date is known more surely than by *moment*, or as surely and with an offset too."""
    known = moment_of(before)
    if moment is None:
        return True
    if known is None:  # a date that nobody says the source of is as good as a guess, or better
        return moment.confidence is Confidence.GUESS
    mine, its = sureness(known)[:2], sureness(moment)[:2]
    return mine < its or (mine == its and moment.offset is None and known.offset is not None)


def _known(c: Connection, hashes: Sequence[str]) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """Id and present columns of those that are media files, by hash."""
    k, m, d = content_identity.c, media_files.c, media_details.c
    found: dict[str, tuple[int, Mapping[str, Any]]] = {}
    wanted = [*(m[name] for name in METADATA_COLUMNS), *(d[name] for name in DETAIL_COLUMNS)]
    for chunk in chunks(unique(hashes)):
        query = (
            select(k.id, k.cas_id, *wanted)
            .join(media_files, m.hash == k.cas_id)
            .outerjoin(media_details, d.content_id == k.id)
            .where(k.cas_id.in_(chunk))
        )
        for row in c.execute(query):
            found[row.cas_id] = (row.id, dict(row._mapping))  # noqa: SLF001 - the public name
    return found


def _bound(names: Iterable[str]) -> dict[str, object]:
    return {name: bindparam(f"b_{name}") for name in names}


def _renamed(values: Mapping[str, Value]) -> dict[str, Value]:
    return {f"b_{name}": value for name, value in values.items()}

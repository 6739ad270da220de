"""Media details: what was read from media files beyond the canonical columns, and reading it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, update

from cardcat.catalog.bulk import Value, chunks, insert_many, insert_new, unique
from cardcat.catalog.tables import content_identity, media_details, media_files
from cardcat.metadata import Confidence, DateSource, Details, Metadata, Moment
from cardcat.model import Kind

READER_VERSION = 2
"""The version of what reads metadata. An improvement that should be applied to known files raises it."""

METADATA_COLUMNS = (
    "camera_make",
    "camera_model",
    "lens_model",
    "date_taken",
    "iso",
    "aperture",
    "shutter_speed",
    "focal_length",
    "software",
    "duration_seconds",
    "resolution_width",
    "resolution_height",
)
"""The columns of media_files that come from inside the file."""

_DECIDED = ("date_source", "date_subsec", "clips")  # in a `Moment`, or of no use once groups are known
_PLAIN = tuple(one.name for one in fields(Details) if one.name not in _DECIDED)
_MOMENT = ("date_local", "date_offset", "date_offset_source", "date_source", "date_confidence")
DETAIL_COLUMNS = (*_MOMENT, *_PLAIN, "trouble")
"""The columns of media_details that come from inside the file and from beside it."""


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """
    What a content of that hash says when it is read anew, and when it was taken by that.

    Not *is_whole*: something that belongs to it, and may have told of it before, could not be read.
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


@dataclass(frozen=True, slots=True)
class ToRead:
    """A media file whose metadata is to be read."""

    content_id: int
    hash: str
    kind: Kind


def as_stored(metadata: Metadata, moment: Moment | None) -> Metadata:
    """*metadata* as media_files wants it: a UTC instant as a wall clock, if anything tells of which zone."""
    if not metadata.date_is_utc or moment is None or not moment.offset:
        return metadata
    if moment.confidence is Confidence.GUESS:
        return metadata
    return replace(metadata, date_taken=moment.local[:19] + moment.offset)


def media_values(metadata: Metadata, moment: Moment | None) -> dict[str, Value]:
    """The metadata columns of a row of media_files."""
    stored = as_stored(metadata, moment)
    return {name: getattr(stored, name) for name in METADATA_COLUMNS}


def detail_values(metadata: Metadata, moment: Moment | None) -> dict[str, Value]:
    """The columns of a row of media_details that are about the file."""
    values: dict[str, Value] = {name: getattr(metadata.details, name) for name in _PLAIN}
    return values | _moment_values(moment) | {"trouble": metadata.trouble}


def add_details(c: Connection, rows: Iterable[tuple[int, Metadata, Moment | None]], now: int) -> None:
    """Add what was read of contents, by their id; those that have details keep them."""
    values = (
        detail_values(metadata, moment)
        | {"content_id": content_id, "reader_version": READER_VERSION, "updated_at": now}
        for content_id, metadata, moment in rows
    )
    insert_many(c, insert_new(c, media_details), values)


def changes(c: Connection, rows: Iterable[ReadAgain]) -> list[Change]:
    """
    What reading again would change, one for each of *rows* that is a known media file.

    Where something could not be read, be it in the file or beside it, what is known is kept.
    """
    listed = list(rows)
    known = _known(c, [row.hash for row in listed])
    return [_change(row, *known[row.hash]) for row in listed if row.hash in known]


def write_changes(c: Connection, found: Sequence[Change], now: int) -> int:
    """Write them, and that this reader has read these contents; return how many differ from before."""
    versions: dict[str, Value] = {"reader_version": READER_VERSION, "updated_at": now}
    ids: list[dict[str, Value]] = [{"content_id": one.content_id} | versions for one in found]
    insert_many(c, insert_new(c, media_details), ids)
    wanted = media_details.c.content_id == bindparam("b_content_id")
    statement = update(media_details).where(wanted).values(_bound((*DETAIL_COLUMNS, *versions)))
    for some in chunks(found):
        values = [_renamed({"content_id": one.content_id, **one.details, **versions}) for one in some]
        c.execute(statement, values)
    _write_media(c, [one for one in found if one.columns.keys() & set(METADATA_COLUMNS)], now)
    return sum(bool(one.columns) for one in found)


def update_media(c: Connection, rows: Iterable[ReadAgain], now: int) -> int:
    """
    Write anew what known media files say of themselves; return how many differ from before.

    A value that could not be read now never erases what is known.
    """
    return write_changes(c, changes(c, rows), now)


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


def unfinished_of(c: Connection, hashes: Sequence[str]) -> dict[str, str]:
    """Of these contents, the recordings that seem not to have been ended, with what is wrong with each."""
    return _texts_of(c, "unfinished", hashes)


def live_photo_ids(c: Connection, hashes: Sequence[str]) -> dict[str, str]:
    """Of these contents, the halves of Live Photos, with the identifier that both have."""
    return _texts_of(c, "live_photo_id", hashes)


def moment_of(row: Mapping[str, Any]) -> Moment | None:
    """When a content was taken, from a row with the columns of media_details."""
    if row["date_local"] is None:
        return None
    return Moment(
        local=row["date_local"],
        offset=row["date_offset"],
        source=DateSource(row["date_source"]),
        confidence=Confidence(row["date_confidence"]),
        offset_source=row["date_offset_source"],
    )


def details_of(row: Mapping[str, Any]) -> Details:
    """What a content says of itself, from a row with the columns of media_details."""
    return Details(**{name: row[name] for name in _PLAIN})


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
        is_dated = row.is_whole and row.metadata.date_taken is not None
        media = {name: before[name] if value is None else value for name, value in media.items()}
        media["date_taken"] = media["date_taken"] if is_dated else before["date_taken"] or media["date_taken"]
        details = _kept(details, before, is_dated=is_dated) | {"trouble": row.metadata.trouble}
    after = media | details
    columns = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    return Change(content_id, row.hash, media, details, columns)


def _kept(details: Mapping[str, Value], before: Mapping[str, Value], *, is_dated: bool) -> dict[str, Value]:
    """*details*, completed by those *before*; when it was taken is one fact, not five."""
    keeps_moment = not is_dated and before["date_local"] is not None
    return {
        name: before[name] if (keeps_moment if name in _MOMENT else value is None) else value
        for name, value in details.items()
    }


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


def _texts_of(c: Connection, column: str, hashes: Sequence[str]) -> dict[str, str]:
    wanted = media_details.c[column]
    found: dict[str, str] = {}
    for chunk in chunks(unique(hashes)):
        query = (
            select(content_identity.c.cas_id, wanted)
            .join(media_details, media_details.c.content_id == content_identity.c.id)
            .where(content_identity.c.cas_id.in_(chunk), wanted.is_not(None))
        )
        found.update((cas_id, text) for cas_id, text in c.execute(query))
    return found


def _moment_values(moment: Moment | None) -> dict[str, Value]:
    if moment is None:
        return dict.fromkeys(_MOMENT)
    told = (moment.local, moment.offset, moment.offset_source, moment.source.value, moment.confidence.value)
    return dict(zip(_MOMENT, told, strict=True))


def _bound(names: Iterable[str]) -> dict[str, object]:
    return {name: bindparam(f"b_{name}") for name in names}


def _renamed(values: Mapping[str, Value]) -> dict[str, Value]:
    return {f"b_{name}": value for name, value in values.items()}

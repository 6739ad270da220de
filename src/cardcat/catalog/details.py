"""Media details: what was read from media files beyond the canonical columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Connection, Select, select

from cardcat.catalog.bulk import Value, chunks, insert_many, insert_new, unique
from cardcat.catalog.tables import content_identity, media_details
from cardcat.metadata import Confidence, DateSource, Details, Metadata, Moment

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
MOMENT_COLUMNS = ("date_local", "date_offset", "date_offset_source", "date_source", "date_confidence")
"""Those columns of media_details that are one fact together: when it was taken."""

DETAIL_COLUMNS = (*MOMENT_COLUMNS, *_PLAIN, "trouble")
"""The columns of media_details that come from inside the file and from beside it."""


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


def unfinished_of(c: Connection, hashes: Sequence[str]) -> dict[str, str]:
    """Of these contents, the recordings that seem not to have been ended, with what is wrong with each."""
    return _texts_of(c, "unfinished", hashes)


def all_unfinished(c: Connection) -> dict[str, str]:
    """Of all contents that are known, what `unfinished_of` tells."""
    return dict(c.execute(_texts("unfinished")).tuples().all())


def live_photo_ids(c: Connection, hashes: Sequence[str]) -> dict[str, str]:
    """Of these contents, the halves of Live Photos, with the identifier that both have."""
    return _texts_of(c, "live_photo_id", hashes)


def moments_with_offset(c: Connection, hashes: Sequence[str]) -> Iterator[Moment]:
    """When those of these contents were taken whose distance from UTC is known."""
    columns = [media_details.c[name] for name in MOMENT_COLUMNS]
    for chunk in chunks(unique(hashes)):
        query = (
            select(*columns)
            .join(content_identity, content_identity.c.id == media_details.c.content_id)
            .where(content_identity.c.cas_id.in_(chunk), media_details.c.date_offset.is_not(None))
        )
        for row in c.execute(query).mappings():
            if moment := moment_of({**row}):
                yield moment


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


def _texts_of(c: Connection, column: str, hashes: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(unique(hashes)):
        query = _texts(column).where(content_identity.c.cas_id.in_(chunk))
        found.update(c.execute(query).tuples().all())
    return found


def _texts(column: str) -> Select[tuple[str, str]]:
    """Hash and text of every content that has one in that column."""
    wanted = media_details.c[column]
    return (
        select(content_identity.c.cas_id, wanted)
        .join(media_details, media_details.c.content_id == content_identity.c.id)
        .where(wanted.is_not(None))
    )


def _moment_values(moment: Moment | None) -> dict[str, Value]:
    if moment is None:
        return dict.fromkeys(MOMENT_COLUMNS)
    told = (moment.local, moment.offset, moment.offset_source, moment.source.value, moment.confidence.value)
    return dict(zip(MOMENT_COLUMNS, told, strict=True))

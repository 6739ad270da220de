"""Contents: every sequence of bytes the catalog knows, and what is known of those that are media files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, exists, select, update

from cardcat.catalog.bulk import Value, among, chunks, insert_many, insert_new, looked_up, unique
from cardcat.catalog.details import METADATA_COLUMNS, add_details, media_values
from cardcat.catalog.tables import content_identity, file_locations, media_files
from cardcat.metadata import UNREAD, Details, Metadata, Moment
from cardcat.model import Evidence, Kind


@dataclass(frozen=True, slots=True)
class ContentRow:
    """One content: *hash* is the SHA-256 of all bytes, *sample* its fingerprint. Sizes in bytes."""

    hash: str
    size: int
    kind: Kind
    xxh3: str | None
    sample: str | None


@dataclass(frozen=True, slots=True)
class MediaRow:
    """
    One media file. *path* is relative to the location of its first copy; times in UTC seconds.

    *moment* is when it was taken, as decided from all that tells; None for a file that was not read.
    """

    hash: str
    size: int
    size_human: str
    kind: Kind
    extension: str
    metadata: Metadata
    date_added: int
    date_modified: int
    path: str
    moment: Moment | None = None

    @property
    def was_read(self) -> bool:
        """Whether anybody looked inside, and not only into a manifest."""
        found = self.metadata
        if found is UNREAD and self.moment is None:
            return False
        return self.moment is not None or found.details != Details() or found.trouble is not None


def record_contents(c: Connection, rows: Iterable[ContentRow], now: int) -> dict[str, int]:
    """Add the contents that are new; return the id of each by its hash."""
    listed = list(rows)
    values: list[dict[str, Value]] = [
        {
            "cas_id": row.hash,
            "kind": row.kind.value,
            "size_bytes": row.size,
            "xxh3_128": row.xxh3,
            "sample_hash": row.sample,
            "created_at": now,
        }
        for row in listed
    ]
    insert_many(c, insert_new(c, content_identity), values)
    return content_ids(c, [row.hash for row in listed])


def correct_claimed(c: Connection, rows: Sequence[ContentRow]) -> None:
    """Say of these contents what their bytes say, where so far only somebody's manifests spoke of them."""
    k, f = content_identity.c, file_locations.c
    is_proved = exists().where(f.content_id == k.id, f.evidence != Evidence.CLAIMED.value)
    claimed: set[str] = set()
    for chunk in chunks(unique(row.hash for row in rows)):
        claimed |= set(c.scalars(select(k.cas_id).where(among(c, k.cas_id, chunk), ~is_proved)))
    for row in rows:
        if row.hash in claimed:
            values = {"kind": row.kind.value, "size_bytes": row.size, "xxh3_128": row.xxh3}
            values |= {"sample_hash": row.sample} if row.sample else {}
            c.execute(update(content_identity).where(k.cas_id == row.hash).values(values))


def content_ids(c: Connection, hashes: Sequence[str]) -> dict[str, int]:
    """The ids of the contents that are known, by hash."""
    return looked_up(c, content_identity.c.cas_id, content_identity.c.id, hashes)


def content_rows(c: Connection, hashes: Sequence[str]) -> dict[str, ContentRow]:
    """What is known of these contents, by hash."""
    columns = content_identity.c
    found: dict[str, ContentRow] = {}
    for chunk in chunks(unique(hashes)):
        query = select(
            columns.cas_id, columns.size_bytes, columns.kind, columns.xxh3_128, columns.sample_hash
        ).where(columns.cas_id.in_(chunk))
        for hash_, size, kind, xxh3, sample in c.execute(query):
            found[hash_] = ContentRow(hash_, size, Kind(kind), xxh3, sample)
    return found


def record_media(c: Connection, rows: Iterable[MediaRow]) -> None:
    """Add the media files that are new, with their details; what is known of a content is left as it is."""
    for chunk in chunks(rows):
        insert_many(c, insert_new(c, media_files), map(_media_values, chunk))
        read = [row for row in chunk if row.was_read]
        ids = content_ids(c, [row.hash for row in read])
        for now, added in _by_time(read).items():
            add_details(c, ((ids[row.hash], row.metadata, row.moment) for row in added), now)


def renew_media(c: Connection, rows: Iterable[MediaRow]) -> None:
    """
    Write over what is known of media files, unless that was on record earlier than what *rows* say.

    Only for a catalog that is made anew: of what several lists say of a content, the one that knew it first
    decides, in its last words.
    """
    m = media_files.c
    changed = ("media_type", "extension", *METADATA_COLUMNS, "date_added", "date_modified", "path")
    statement = (
        update(media_files)
        .where(m.hash == bindparam("b_hash"), m.date_added >= bindparam("b_date_added"))
        .values({name: bindparam(f"b_{name}") for name in changed})
    )
    for chunk in chunks(rows):
        values = map(_media_values, chunk)
        c.execute(
            statement,
            [{f"b_{name}": value for name, value in each.items()} for each in values],
        )


def media_columns(c: Connection, hashes: Sequence[str]) -> dict[str, dict[str, str | float | None]]:
    """The columns of media_files that a drive's manifest carries, by hash."""
    wanted = ("hash", "media_type", "extension", *METADATA_COLUMNS, "date_added", "date_modified", "path")
    columns = [media_files.c[name] for name in wanted]
    found: dict[str, dict[str, str | float | None]] = {}
    for chunk in chunks(unique(hashes)):
        for row in c.execute(select(*columns).where(media_files.c.hash.in_(chunk))):
            found[row.hash] = {name: row._mapping[name] for name in wanted[1:]}  # noqa: SLF001 - the public name
    return found


def _by_time(rows: Iterable[MediaRow]) -> dict[int, list[MediaRow]]:
    """All of a batch were read at one time."""
    found: dict[int, list[MediaRow]] = {}
    for row in rows:
        found.setdefault(row.date_added, []).append(row)
    return found


def _media_values(row: MediaRow) -> dict[str, Value]:
    return media_values(row.metadata, row.moment) | {
        "hash": row.hash,
        "file_size_bytes": row.size,
        "file_size_human": row.size_human,
        "media_type": row.kind.value,
        "extension": row.extension,
        "date_added": row.date_added,
        "date_modified": row.date_modified,
        "path": row.path,
    }

"""File locations: which path of which destination holds which content, and how well that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, Select, exists, select, update

from cardcat.catalog.bulk import Value, among, chunks, insert_many, insert_new, insert_or_renew, unique
from cardcat.catalog.resolving import resolve_findings
from cardcat.catalog.tables import content_identity, file_locations, folders
from cardcat.model import Evidence, Presence, Role
from cardcat.paths import from_text, to_text


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A copy as the catalog knows it. *path* is relative to its location; *mtime_ns* as kept there."""

    id: int
    path: str
    hash: str
    size: int
    mtime_ns: int
    evidence: Evidence
    status: Presence


@dataclass(frozen=True, slots=True)
class NewCopy:
    """A copy to be recorded. *how* says how *evidence* was come by, *verified_at* when (UTC seconds)."""

    path: str
    content_id: int
    size: int
    mtime_ns: int
    evidence: Evidence
    verified_at: int | None
    how: str | None


def held_media(
    c: Connection, location_id: int, sizes: Iterable[int]
) -> Iterator[tuple[int, str | None, str]]:
    """(size, sample, hash) of every image and video of one of these sizes with a copy in the location."""
    k, f = content_identity.c, file_locations.c
    is_held = exists().where(
        f.content_id == k.id,
        f.status == Presence.PRESENT.value,
        folders.c.id == f.folder_id,
        folders.c.location_id == location_id,
    )
    for chunk in chunks(unique(sizes)):
        of_size = select(k.size_bytes, k.sample_hash, k.cas_id).where(
            among(c, k.size_bytes, chunk), k.kind.in_(("image", "video")), is_held
        )
        yield from c.execute(of_size).tuples()


def copies_of(c: Connection, location_id: int, hashes: Sequence[str]) -> list[CopyRow]:
    """All present copies of the contents in the location, the best evidence first."""
    found: list[CopyRow] = []
    for chunk in chunks(unique(hashes)):
        query = _copies(location_id).where(
            among(c, content_identity.c.cas_id, chunk), file_locations.c.status == Presence.PRESENT.value
        )
        found += map(_copy, c.execute(query))
    return sorted(found, key=lambda copy: (-copy.evidence.rank, copy.id))


def copies_named(c: Connection, location_id: int, folder: str, names: Iterable[str]) -> dict[str, CopyRow]:
    """What the catalog knows to be, or to have been, under *names* directly in *folder*, by the name."""
    if (id_ := existing_folders(c, location_id, [folder]).get(folder)) is None:
        return {}
    query = _copies(location_id).where(file_locations.c.folder_id == id_)
    found = {}
    for chunk in chunks(names):
        texts = [to_text(name)[0] for name in chunk]
        for copy in map(_copy, c.execute(query.where(among(c, file_locations.c.name, texts)))):
            found[_split(copy.path)[1]] = copy
    return found


def known_paths(c: Connection, location_id: int, paths: Sequence[str]) -> dict[str, int]:
    """Those of *paths* that the catalog has a row for, whatever its status, with the row's id."""
    split = [_split(path) for path in paths]
    folder_of = existing_folders(c, location_id, [folder for folder, _ in split])
    return _ids(c, set(paths), [name for _, name in split], folder_of)


def copy_hashes(c: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The hash of the content that each of these copies is known to be now, by its id."""
    found: dict[int, str] = {}
    for chunk in chunks(ids):
        query = (
            select(file_locations.c.id, content_identity.c.cas_id)
            .join(content_identity, content_identity.c.id == file_locations.c.content_id)
            .where(file_locations.c.id.in_(chunk))
        )
        found.update((id_, cas_id) for id_, cas_id in c.execute(query))
    return found


_PLACE = ("folder_id", "name", "name_raw")
_RENEWED = (
    "content_id",
    "size",
    "mtime_ns",
    "status",
    "evidence",
    "verified_at",
    "verified_how",
    "session_id",
    "last_seen_at",
)
"""What a new copy writes over an earlier row at its place; that one's role and first sight stay."""


def record_copies(
    c: Connection, location_id: int, rows: Sequence[NewCopy], *, session_id: int | None, now: int
) -> dict[str, int]:
    """Add copies, or renew what is known at their paths; return the id of each by its path."""
    folder_of = folder_ids(c, location_id, (_split(row.path)[0] for row in rows))
    values = [_values(row, folder_of, session_id, now) for row in rows]
    new_or_renewed = insert_or_renew(c, file_locations, *_RENEWED, key=_PLACE)
    insert_many(c, new_or_renewed, values)
    paths = {row.path for row in rows}
    ids = _ids(c, paths, [_split(path)[1] for path in paths], folder_of)
    proved = [ids[row.path] for row in rows if row.evidence.rank >= Evidence.READ_BACK.rank]
    resolve_findings(c, proved, "it was backed up anew", now)
    return ids


def folder_ids(c: Connection, location_id: int, paths: Iterable[str]) -> dict[str, int]:
    """The ids of folders by path, made where they are new."""
    wanted = unique(paths)
    texts = [to_text(path) for path in wanted]
    rows: list[dict[str, Value]] = [
        {"location_id": location_id, "path": text, "path_raw": raw or b""} for text, raw in texts
    ]
    insert_many(c, insert_new(c, folders), rows)
    return existing_folders(c, location_id, wanted)


def existing_folders(c: Connection, location_id: int, paths: Sequence[str]) -> dict[str, int]:
    """The ids of those folders that the catalog knows, by path."""
    wanted = set(paths)
    found: dict[str, int] = {}
    for chunk in chunks(unique(to_text(path)[0] for path in paths)):
        query = select(folders.c.id, folders.c.path, folders.c.path_raw).where(
            folders.c.location_id == location_id, folders.c.path.in_(chunk)
        )
        found.update((from_text(row.path, row.path_raw), row.id) for row in c.execute(query))
    return {path: id_ for path, id_ in found.items() if path in wanted}


def set_evidence(
    c: Connection, ids: Sequence[int], evidence: Evidence, *, how: str, verified_at: int | None
) -> None:
    """Say how well these copies are known to be right."""
    for chunk in chunks(ids):
        c.execute(
            update(file_locations)
            .where(file_locations.c.id.in_(chunk))
            .values(evidence=evidence.value, verified_how=how, verified_at=verified_at)
        )


def set_status(c: Connection, ids: Sequence[int], status: Presence) -> None:
    """Say whether these copies are there."""
    for chunk in chunks(ids):
        c.execute(update(file_locations).where(file_locations.c.id.in_(chunk)).values(status=status.value))


def _copies(location_id: int) -> Select[tuple[int, str, bytes, str, bytes, str, int, int, str, str]]:
    f = file_locations.c
    return (
        select(
            f.id,
            folders.c.path,
            folders.c.path_raw,
            f.name,
            f.name_raw,
            content_identity.c.cas_id,
            f.size,
            f.mtime_ns,
            f.evidence,
            f.status,
        )
        .join(folders, folders.c.id == f.folder_id)
        .join(content_identity, content_identity.c.id == f.content_id)
        .where(folders.c.location_id == location_id)
    )


def _copy(row: Row[tuple[int, str, bytes, str, bytes, str, int, int, str, str]]) -> CopyRow:
    return CopyRow(
        id=row[0],
        path=_join(from_text(row[1], row[2]), from_text(row[3], row[4])),
        hash=row[5],
        size=row[6],
        mtime_ns=row[7],
        evidence=Evidence(row[8]),
        status=Presence(row[9]),
    )


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _values(row: NewCopy, folder_of: dict[str, int], session_id: int | None, now: int) -> dict[str, Value]:
    folder, name = _split(row.path)
    text, raw = to_text(name)
    return {
        "folder_id": folder_of[folder],
        "name": text,
        "name_raw": raw or b"",
        "content_id": row.content_id,
        "size": row.size,
        "mtime_ns": row.mtime_ns,
        "role": Role.BACKUP.value,
        "status": Presence.PRESENT.value,
        "evidence": row.evidence.value,
        "verified_at": row.verified_at,
        "verified_how": row.how,
        "session_id": session_id,
        "first_seen_at": now,
        "last_seen_at": now,
    }


def _ids(c: Connection, paths: set[str], names: Sequence[str], folder_of: dict[str, int]) -> dict[str, int]:
    path_of = {id_: path for path, id_ in folder_of.items()}
    f = file_locations.c
    found: dict[str, int] = {}
    for some_folders in chunks(path_of):
        for some_names in chunks(unique(to_text(name)[0] for name in names)):
            query = select(f.id, f.folder_id, f.name, f.name_raw).where(
                among(c, f.folder_id, some_folders), among(c, f.name, some_names)
            )
            for row in c.execute(query):
                found[_join(path_of[row.folder_id], from_text(row.name, row.name_raw))] = row.id
    return {path: id_ for path, id_ in found.items() if path in paths}

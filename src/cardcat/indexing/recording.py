"""What was read of a portion, written into the catalog in one transaction."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from cardcat.catalog.contents import (
    MediaRow,
    content_ids,
    content_rows,
    correct_claimed,
    record_contents,
    record_media,
)
from cardcat.catalog.copies import folder_ids
from cardcat.catalog.indexed import LibraryFile, complete_media, move_folder, write_files
from cardcat.catalog.resolving import resolve_findings
from cardcat.indexing.hashing import IndexedFile
from cardcat.indexing.job import Job, now
from cardcat.metadata import UNREAD
from cardcat.paths import extension_of, to_text
from cardcat.text import size as human_size


def record(job: Job, files: Sequence[IndexedFile]) -> None:
    """Put *files* on record: their contents, what they say of themselves, and where they are."""
    if not files:
        return
    moment = now()
    with job.run.writing.write() as c:
        known = content_ids(c, [file.content.hash for file in files if file.content])
        contents = _record_contents(c, files, known, moment)
        arrived = _move_folders(c, job, files, contents, moment)
        written = [
            file
            for file in files
            if file.folder not in arrived and not (file.is_same and file.content_id is not None)
        ]
        rows = [_row(job, file, contents, known) for file in written]
        folder_of = folder_ids(c, job.location_id, (row.folder for row in rows))
        write_files(c, rows, folder_of, moment)
        resolve_findings(c, [row.id for row in rows if row.id is not None], "it was indexed anew", moment)
    for file, row in zip(written, rows, strict=True):
        _count(job, file, row)
    job.tally.moved += sum(file.folder in arrived for file in files)
    job.has_new_contents |= any(file.is_inspected for file in files)


def _record_contents(
    c: Connection, files: Sequence[IndexedFile], known: Mapping[str, int], moment: int
) -> dict[str, int]:
    """The ids of all contents of *files*, by hash."""
    read = [file.content for file in files if file.content]
    told = content_rows(c, [*known])
    correct_claimed(c, [row for row in read if row.hash in known and row != told[row.hash]])
    contents = record_contents(c, read, moment)
    contents |= {file.hash: file.content_id for file in files if file.hash and file.content_id is not None}
    media = {file.hash: file for file in reversed(files) if file.kind.is_media and file.hash}
    record_media(c, [_media(file, moment) for file in media.values()])
    inspected = [
        file for file in media.values() if file.is_inspected and (file.hash in known or not file.content)
    ]
    complete_media(c, [_media(file, moment) for file in inspected])
    return contents


def _media(file: IndexedFile, moment: int) -> MediaRow:
    return MediaRow(
        hash=file.hash or "",
        size=file.size,
        size_human=human_size(file.size),
        kind=file.kind,
        extension=extension_of(file.name),
        metadata=file.metadata or UNREAD,
        moment=file.moment if file.is_inspected else None,
        date_added=moment,
        date_modified=file.mtime_ns // 1_000_000_000,
        path=to_text(file.path)[0],
    )


# -- what has moved ------------------------------------------------------------------------------------


def _move_folders(
    c: Connection, job: Job, files: Sequence[IndexedFile], contents: Mapping[str, int], moment: int
) -> set[str]:
    """
    Give folders that have moved as a whole their new path, which changes one row each; which ones that were.

    Only where each file in it has the content that the one of its name had there.
    """
    together: dict[tuple[str, int], list[IndexedFile]] = defaultdict(list)
    for file in files:
        if file.came_from is not None:
            together[file.folder, file.came_from].append(file)
    arrived = set()
    for (folder, id_), members in together.items():
        before = job.gone_in.get(id_, {})
        after = {os.fsencode(file.name): contents.get(file.hash or "") for file in members}
        if {name: row.content_id for name, row in before.items()} == after:
            move_folder(c, id_, folder, moment)
            arrived.add(folder)
            for row in [*before.values()]:
                job.found_again(row)
    return arrived


def _row(job: Job, file: IndexedFile, contents: Mapping[str, int], known: Mapping[str, int]) -> LibraryFile:
    content = contents.get(file.hash or "")
    before = None
    if file.id is None and content is not None:
        before = _moved_from(job, file, content)
    return LibraryFile(
        folder=file.folder,
        name=file.name,
        size=file.size,
        mtime_ns=file.mtime_ns,
        content_id=content,
        was_known=file.hash in known,
        id=before if file.id is None else file.id,
        has_moved=before is not None,
    )


def _moved_from(job: Job, file: IndexedFile, content: int) -> int | None:
    """The row of a file that is gone and had this content, rather one of the same name; it is used up."""
    candidates = job.gone.get(content)
    if not candidates:
        return None
    name = os.fsencode(file.name)
    chosen = (candidates.get(name) or next(iter(candidates.values())))[0]
    job.found_again(chosen)
    return chosen.id


def _count(job: Job, file: IndexedFile, row: LibraryFile) -> None:
    tally = job.tally
    tally.new += row.id is None
    tally.moved += row.has_moved
    tally.changed += file.id is not None and not file.is_same
    job.has_new_contents |= file.is_same

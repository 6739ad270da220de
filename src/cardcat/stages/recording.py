"""Stage 5: give proved copies their names, and write down what is where. One batch, one transaction."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cardcat.catalog.contents import ContentRow, MediaRow, correct_claimed, record_contents, record_media
from cardcat.catalog.copies import NewCopy, record_copies
from cardcat.catalog.findings import resolve_findings
from cardcat.catalog.items import ItemRow, set_items
from cardcat.metadata import UNREAD
from cardcat.model import Evidence, ItemState, ReadBack, Stage
from cardcat.paths import extension_of, to_text
from cardcat.run import Destination, Run, now
from cardcat.stages.files import CopiedFile, PlannedFile, incoming_path
from cardcat.stages.sessions import write_progress
from cardcat.storage.reading import mtime_of
from cardcat.text import size as human_size


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A file that stands under its final name. *path* is relative to the destination.

    *proof* is None for a copy that is on record already, under *copy*.
    """

    file: CopiedFile
    path: str
    proof: ReadBack | None
    copy: int | None = None
    reason: str | None = None  # not copied by this session, and why

    @property
    def is_new(self) -> bool:
        """Whether this session wrote it."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file whose content the destination holds under another file's name."""

    file: PlannedFile
    hash: str
    path: str
    copy: int | None  # None: the copy is recorded in the same transaction


def publish(run: Run, destination: Destination, entries: Sequence[Entry]) -> None:
    """
    Rename copies from incoming to their final names, never over anything, and sync their folders.

    The journal says beforehand which content goes where, so that a kill in between loses nothing.
    """
    new = [entry for entry in entries if entry.is_new]
    with run.catalog.write() as c:
        rows = (_item(entry.file.file, ItemState.COPIED, entry, None) for entry in new)
        set_items(c, destination.session_id, rows, now())
    folders = {entry.path.rpartition("/")[0] for entry in new}
    for folder in sorted(folders):
        destination.there.make_folders(folder)
    for entry in new:  # a path object for each takes as long as a system call
        run.disk.rename_new(incoming_path(destination, entry.file.file), f"{destination.root}/{entry.path}")
    for folder in sorted(folders):
        run.disk.fsync_folder(destination.root / folder)


def record(run: Run, destination: Destination, entries: Sequence[Entry], skipped: Sequence[Skipped]) -> None:
    """Write everything that is known of these files into the catalog, in one transaction."""
    moment = now()
    statuses = {entry.path: _standing(destination, entry) for entry in entries if entry.proof}
    destination.timing.count(Stage.RECORD, len(entries) + len(skipped))
    with run.catalog.write() as c:
        proved = [_content(entry.file) for entry in entries]
        correct_claimed(c, proved)
        contents = record_contents(c, proved, moment)
        record_media(c, (_media(entry, moment) for entry in entries if entry.file.kind.is_media))
        copies = [
            NewCopy(
                path=entry.path,
                content_id=contents[entry.file.hashes.sha256],
                size=statuses[entry.path].st_size,
                mtime_ns=mtime_of(statuses[entry.path]),
                evidence=entry.proof.evidence,
                verified_at=moment,
                how=entry.proof.how,
            )
            for entry in entries
            if entry.proof
        ]
        session = destination.session_id
        ids = record_copies(c, destination.location_id, copies, session_id=session, now=moment)
        rows = [*_verified(entries, ids), *_skipped(skipped, ids)]
        set_items(c, session, rows, moment)
        resolve_findings(c, session, [row.path for row in rows], moment)
        write_progress(c, run, destination, [entry.file.hashes.size for entry in entries if entry.is_new])
    _count(destination, entries)


def _standing(destination: Destination, entry: Entry) -> os.stat_result:
    status = destination.there.look_at_file(entry.path)
    if status is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), entry.path)
    return status


def _verified(entries: Iterable[Entry], ids: dict[str, int]) -> Iterator[ItemRow]:
    for entry in entries:
        state = ItemState.VERIFIED if entry.is_new else ItemState.SKIPPED
        yield _item(entry.file.file, state, entry, ids.get(entry.path, entry.copy))


def _skipped(skipped: Iterable[Skipped], ids: dict[str, int]) -> Iterator[ItemRow]:
    for skip in skipped:
        yield ItemRow(
            path=skip.file.path,
            size=skip.file.size,
            mtime_ns=skip.file.mtime_ns,
            state=ItemState.SKIPPED,
            reason="the same content is already there",
            hash=skip.hash,
            destination_path=skip.path,
            file_location_id=ids.get(skip.path, skip.copy),
        )


def _count(destination: Destination, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if entry.is_new:
            destination.copied += 1
            destination.bytes_copied += entry.file.hashes.size
        if entry.proof:
            destination.recorded += 1
            destination.is_cold &= entry.proof.evidence == Evidence.READ_BACK_COLD


def _item(file: PlannedFile, state: ItemState, entry: Entry, copy: int | None) -> ItemRow:
    return ItemRow(
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        state=state,
        reason=entry.reason,
        hash=entry.file.hashes.sha256,
        destination_path=entry.path,
        file_location_id=copy,
    )


def _content(file: CopiedFile) -> ContentRow:
    return ContentRow(file.hashes.sha256, file.hashes.size, file.kind, file.hashes.xxh3, file.sample)


def _media(entry: Entry, moment: int) -> MediaRow:
    file = entry.file
    return MediaRow(
        hash=file.hashes.sha256,
        size=file.hashes.size,
        size_human=human_size(file.hashes.size),
        kind=file.kind,
        extension=extension_of(file.file.path),
        metadata=file.metadata or UNREAD,
        moment=file.moment,
        date_added=moment,
        date_modified=file.file.mtime_ns // 1_000_000_000,
        path=to_text(entry.path)[0],
    )

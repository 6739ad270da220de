"""What is inside the files of a batch: fingerprints and metadata, read from their copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cardcat.errors import DestinationError
from cardcat.media.readable import has_metadata
from cardcat.metadata import Metadata
from cardcat.model import UNFINISHED, Finding, Stage
from cardcat.paths import display
from cardcat.plan.companions import Companion, completed
from cardcat.run import Run
from cardcat.stages.files import CopiedFile, PlannedFile, incoming_path
from cardcat.storage.hashing import fingerprint


def look_inside(run: Run, copied: Sequence[CopiedFile]) -> list[Finding]:
    """
    Read metadata and fingerprints from the copies, which memory holds now anyway.

    What a film or raw lacks is filled from the camera's sidecars of its group.
    """
    for file in copied:
        if file.kind.is_media:
            file.sample = _sample(run, file)
    readable = [file for file in copied if has_metadata(file.kind, file.file.path)]
    found = _read(run, readable)
    findings: list[Finding] = []
    for file, metadata in zip(readable, found, strict=True):
        file.metadata = metadata
        findings += _findings(file.file, metadata)
    _complete_groups(copied)
    run.reporter.advance(files=len(copied), size=0)
    for destination in run.alive:
        destination.timing.count(Stage.METADATA, sum(destination.number in file.proofs for file in copied))
    return findings


def _read(run: Run, files: Sequence[CopiedFile]) -> list[Metadata]:
    """What is in each file; read again from another drive if one was pulled meanwhile."""
    while True:
        found = run.metadata.read([(_any_copy(run, file), file.kind) for file in files])
        if not (any(metadata.trouble for metadata in found) and _lost_a_drive(run) and run.alive):
            return found


def _lost_a_drive(run: Run) -> bool:
    alive = run.alive
    for destination in alive:
        try:
            destination.there.require_there()
        except DestinationError as gone:
            run.fail(destination, gone, "reading metadata")
    return len(run.alive) < len(alive)


def _complete_groups(copied: Sequence[CopiedFile]) -> None:
    groups: dict[int, list[CopiedFile]] = defaultdict(list)
    for file in copied:
        groups[file.file.group].append(file)
    for members in groups.values():
        if len(members) > 1:
            wanted = [
                Companion(file.file.path.rpartition("/")[2], file.kind, file.metadata) for file in members
            ]
            for file, metadata in zip(members, completed(wanted), strict=True):
                file.metadata = metadata


def _sample(run: Run, file: CopiedFile) -> str | None:
    """The fingerprint, from a destination that still answers; None if there is none any more."""
    for destination in run.alive:
        if destination.number in file.proofs:
            path = incoming_path(destination, file.file)
            try:
                return fingerprint(run.disk, path, file.hashes.size, source=False)
            except OSError as error:
                run.fail(destination, error, "reading a copy")
    return None


def _any_copy(run: Run, file: CopiedFile) -> Path:
    """A copy that can be read, if a destination is left that has one."""
    numbers = sorted(file.proofs, key=lambda number: not run.destinations[number].is_alive)
    return Path(incoming_path(run.destinations[numbers[0]], file.file))


def _findings(file: PlannedFile, metadata: Metadata) -> Iterator[Finding]:
    """What the person at the card should know of the file; none of it keeps the copy from being right."""
    name = display(file.path)
    if metadata.trouble:
        message = f"{name} is copied and verified, but its metadata could not be read: {metadata.trouble}"
        yield Finding(file.path, Stage.METADATA, "Metadata", message, attention=False)
    if metadata.details.unfinished:
        yield unfinished(file.path, metadata.details.unfinished)


def unfinished(path: str, what: str) -> Finding:
    """That the recording at *path* was not ended; *what* completes "the recording …"."""
    message = (
        f"{display(path)} is copied and verified as it is, but the recording {what}. "
        "The camera may be able to mend it as long as it is on the card."
    )
    return Finding(path, Stage.METADATA, UNFINISHED, message, attention=False)

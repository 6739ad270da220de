"""What a run leaves on a drive so that it explains itself: manifests, and the ASC MHL history."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from cardcat import __version__
from cardcat.catalog.bulk import chunks
from cardcat.catalog.contents import content_rows, media_columns
from cardcat.catalog.manifests import (
    SessionCopy,
    last_manifest_at,
    record_manifest,
    renewed_contents,
    session_copies,
    unlisted_sessions,
)
from cardcat.catalog.sessions import get_session
from cardcat.catalog.volumes import get_volume
from cardcat.inputs import show
from cardcat.model import Finding, Stage
from cardcat.paths import display, quoted
from cardcat.run import Destination, Run, now
from cardcat.storage.destination import FOLDER
from cardcat.storage.manifest import (
    ManifestEntry,
    Renewed,
    Written,
    listed_by,
    listed_key,
    write_manifest,
)
from cardcat.storage.mhl.telling import Author, Stuck, Way, carry_on
from cardcat.storage.reading import mtime_of
from cardcat.text import many

_PORTION = 1_000  # copies whose contents are looked up at once
_WAYS = {
    Way.MOVE: "Move it away, and the next backup to the drive begins a new history: mv {} {}",
    Way.WAIT: "The next backup to the drive carries it on.",
    Way.ALLOW: "See who may write there; then the next backup to the drive carries it on: ls -ld {}",
}


def explain(run: Run, destination: Destination) -> None:
    """
    List on the drive what is not listed there yet, and carry its history on.

    What is listed are the copies of this run's session, and those of earlier ones that were killed before
    they could do it. OSError if the drive fails.
    """
    written = [
        listed
        for session in _sessions(run, destination)
        if (listed := _list(run, destination, session)) is not None
    ]
    destination.not_in_mhl = sum(each.not_in_mhl for each in written)
    author = Author(destination.root.name, platform.node() or "unknown", __version__)
    fresh = {each.path.name for each in written}
    if stuck := carry_on(run.disk, destination.there.itself, author, fresh):
        _complain(run, destination, stuck)
    elif count := destination.not_in_mhl:
        run.reporter.note(
            f"{many(count, 'file')} in {show(destination.root)} "
            f"{'has a name' if count == 1 else 'have names'} that XML can't hold: listed in SHA256SUMS, not "
            "in the ASC MHL history."
        )


def _complain(run: Run, destination: Destination, stuck: Stuck) -> None:
    """Report that the history was not carried on, and how it can be."""
    destination.mhl_error = (
        f"The folder ascmhl in {show(destination.root)} {stuck.trouble}. Its ASC MHL history was not carried "
        "on; the copies and their SHA256SUMS are complete."
    )
    destination.mhl_hint = _WAYS[stuck.way].format(
        quoted(str(destination.root / "ascmhl")), quoted(str(destination.root / FOLDER / "ascmhl.old"))
    )
    run.report(
        [
            Finding(
                "ascmhl",
                Stage.RECORD,
                "History",
                f"{destination.mhl_error} {destination.mhl_hint}",
                destination=str(destination.root),
                attention=stuck.way is not Way.WAIT,
            )
        ]
    )


def _sessions(run: Run, destination: Destination) -> list[int]:
    with run.catalog.read() as c:
        earlier = unlisted_sessions(c, destination.location_id)
    is_mine = destination.resumed or destination.recorded
    return [*earlier, *([destination.session_id] if is_mine else [])]


def _list(run: Run, destination: Destination, session_id: int) -> Written | None:
    """Write the manifest of what a session has put on record and none of its manifests on the drive lists."""
    root, moment = destination.there.itself, now()
    is_first = session_id == destination.session_id and not destination.resumed
    listed = set() if is_first else listed_by(root, session_id, run.disk)
    with run.catalog.read() as c:
        copies = session_copies(c, session_id)
        if not is_first:
            copies = (copy for copy in copies if _is_missing(destination, copy, listed))
        header, entries = _header(c, session_id, destination), _entries(c, copies)
        renewed = _renewed(c, destination.location_id)
        written = write_manifest(run.disk, root, session_id, moment, header, entries, renewed)
    if written is not None:
        with run.catalog.write() as c:
            record_manifest(c, destination.location_id, written.path.name, session_id=session_id, now=moment)
    return written


def _is_missing(destination: Destination, copy: SessionCopy, listed: set[bytes]) -> bool:
    """Whether it is to be listed: what an earlier attempt wrote, its owner may have taken away since."""
    if listed_key(copy.path, copy.hash) in listed:
        return False
    status = destination.there.look_at_file(copy.path)
    return status is not None and (status.st_size, mtime_of(status)) == (copy.size, copy.mtime_ns)


def _header(c: Connection, session_id: int, destination: Destination) -> dict[str, object]:
    row = get_session(c, session_id)
    assert row is not None
    volume = get_volume(c, row.key.source_volume_id)
    return {
        "source": display(row.source_path),
        "source_volume": display(volume.name),
        "source_fs_uuid": volume.fs_uuid,
        "destination": show(destination.root),
        "layout": row.key.layout.value,
        "timezone": row.timezone,
        "started_at": row.started_at,
    }


def _entries(c: Connection, copies: Iterable[SessionCopy]) -> Iterator[ManifestEntry]:
    for some in chunks(copies, _PORTION):
        hashes = [copy.hash for copy in some]
        contents, media = content_rows(c, hashes), media_columns(c, hashes)
        for copy in some:
            content = contents[copy.hash]
            yield ManifestEntry(
                path=copy.path,
                sha256=copy.hash,
                size=copy.size,
                mtime_ns=copy.mtime_ns,
                xxh3=content.xxh3,
                sample=content.sample,
                kind=content.kind,
                verified_at=copy.verified_at,
                evidence=copy.evidence,
                source_path=copy.source_path,
                media=media.get(copy.hash),
            )


def _renewed(c: Connection, location_id: int) -> Iterator[Renewed]:
    """What has been learnt of contents on the drive since its last manifest."""
    since = last_manifest_at(c, location_id)
    if since is None:
        return
    for some in chunks(renewed_contents(c, location_id, since), _PORTION):
        media = media_columns(c, [content.hash for content in some])
        for content in some:
            yield Renewed(content.hash, content.size, content.kind, media[content.hash])

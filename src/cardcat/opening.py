"""Open a run: check what was given, open the catalog, know the volumes, hold the destinations' locks."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog, local_path, open_catalog
from cardcat.catalog.locations import marked_location
from cardcat.catalog.sessions import finish_session, reap_dead
from cardcat.catalog.volumes import (
    remember_device,
    remember_location,
    remember_volume,
    volumes_last_mounted_at,
)
from cardcat.claims import import_claims
from cardcat.drives import is_doubtful
from cardcat.errors import CancelledError, CardcatError, CatalogError, DestinationError
from cardcat.inputs import check_apart, check_catalog, check_destination, check_source, show
from cardcat.media.pool import MetadataPool
from cardcat.model import BackupOptions, Marker, Role, SessionStatus, Volume
from cardcat.owner import is_alive
from cardcat.paths import display, to_text
from cardcat.plan.names import rules_for
from cardcat.reporting import Reporter, current
from cardcat.run import Destination, Run, Source, as_destination_error, now
from cardcat.stages.held import send_scouts
from cardcat.stages.sessions import complete_journal
from cardcat.storage import destination as place
from cardcat.storage.disk import Disk
from cardcat.storage.holding import open_destination
from cardcat.storage.presence import Root, open_root
from cardcat.storage.system import this_disk
from cardcat.storage.volumes import (
    is_one_of_two,
    mounted_volumes,
    path_from_volume,
    path_on_volume,
    volume_of,
)

_GARBAGE = (10_000, 20, 20)  # after so many new objects it is looked for
FILES_IN_FLIGHT = 4  # of the card, and of each drive: more won nothing on two cores, fewer let the drive wait


@contextmanager
def opened_run(
    options: BackupOptions,
    catalog: str | None = None,
    *,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] = lambda: False,
    disk: Disk | None = None,
) -> Iterator[Run]:
    """
    Yield the run of *options*; whatever ends it, its sessions end in a true state and its locks are freed.

    Raises UsageError, SourceError, DestinationError (no destination is usable) or CatalogError.
    """
    disk = disk or this_disk()
    source_root = check_source(options.source)
    roots, unusable = usable_destinations(options.destinations)
    check_apart(source_root, roots)
    check_catalog(source_root, local_path(catalog))
    with ExitStack() as stack:
        stack.enter_context(_collecting_seldom())
        opened = stack.enter_context(open_catalog(catalog))
        source = _open_source(opened, options, stack.enter_context(open_root(disk, source_root)))
        run = Run(
            options=replace(options, recheck=True) if source.is_doubtful else options,
            catalog=opened,
            disk=disk,
            reporter=reporter or current(),
            stop=stop,
            source=source,
            destinations=[],
            unusable=unusable,
            threads=ThreadPoolExecutor(FILES_IN_FLIGHT, "files"),
            metadata=stack.enter_context(MetadataPool()),
        )
        for root in roots:
            _open_destination(run, root, stack)
        stack.callback(run.threads.shutdown)  # nothing is at work any more when a drive's lock is freed
        _complain(run)
        send_scouts(run, stack)
        try:
            yield run
        except BaseException as error:
            _close_sessions(run, error)
            raise


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Have Python look for garbage less often: that was a tenth of the work for small files."""
    before = gc.get_threshold()
    gc.set_threshold(*_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def usable_destinations(
    given: tuple[Path, ...],
) -> tuple[list[Path], list[tuple[Path, DestinationError]]]:
    """The real folders of those that can be written to, and why the others can't."""
    roots, unusable = [], []
    for path in given:
        try:
            roots.append(check_destination(path))
        except DestinationError as error:
            unusable.append((path, error))
    return roots, unusable


def _open_source(catalog: Catalog, options: BackupOptions, there: Root) -> Source:
    volume = volume_of(there.path)
    _refuse_other(options, there, volume)
    with catalog.write() as c:
        reap_dead(c, is_alive, now())
        doubtful = is_doubtful(c, volume)
        seen = replace(volume, disk=None) if doubtful else volume  # until all of it was read
        row = remember_volume(c, seen, remember_device(c, now()), now())
    text, raw = to_text(path_on_volume(there.path))
    if doubtful:
        current().note(
            f"{show(there.path)} has the name of a card that was on another disk or in another reader; it "
            "may be a clone. All its files are read."
        )
    return Source(there.path, volume, row.id, (text, raw or b""), there, is_doubtful=doubtful)


def _open_destination(run: Run, root: Path, stack: ExitStack) -> None:
    """Add the destination to the run, or to the unusable ones with the reason."""
    try:
        run.destinations.append(_prepare(run, root, stack))
    except DestinationError as error:
        run.unusable.append((root, error))
    except OSError as error:
        run.unusable.append((root, as_destination_error(error, root, "being opened")))


def _prepare(run: Run, root: Path, stack: ExitStack) -> Destination:
    there = stack.enter_context(open_destination(run.disk, root))
    there.require_own_folders()
    volume = volume_of(root)
    _refuse_other(run.options, there, volume)
    refuse_one_of_two(root, volume)
    marker = place.read_marker(root, run.disk)
    with run.catalog.write() as c:
        if marker is None:
            refuse_empty_mount_point(c, root, volume)
        device = remember_device(c, now())
        known = remember_volume(c, volume, device, now(), uuid=marker.volume_uuid if marker else None)
        location = remember_location(
            c,
            volume_id=known.id,
            uuid=_location_uuid(c, marker, root, volume),
            path=path_on_volume(root),
            role=Role.BACKUP,
            now=now(),
        )
    there.require_there()
    if warning := stack.enter_context(place.lock(root, run.disk, itself=there.itself)):
        run.reporter.note(warning)
    place.clean_incoming(run.disk, there.itself)
    place.write_marker(run.disk, there.itself, known.uuid, location.uuid, now())
    there.require_there()
    import_claims(run.catalog, root, location.id, now(), run.disk)
    return Destination(
        number=len(run.destinations),
        root=root,
        volume=volume,
        volume_id=known.id,
        location_id=location.id,
        location_uuid=location.uuid,
        rules=rules_for(volume.fs_type),
        there=there,
        threads=stack.enter_context(ThreadPoolExecutor(FILES_IN_FLIGHT, "copies")),
    )


def _refuse_other(options: BackupOptions, there: Root, volume: Volume) -> None:
    """The error of *there* if the folder held open is not on the volume that was meant, if one was."""
    if not options.volumes:
        return
    there.require_there()  # so that *volume*, which was asked for by path, is the open folder's
    folders = (path.resolve() for path in (options.source, *options.destinations))
    if dict(zip(folders, options.volumes, strict=False)).get(there.path) == volume.key:
        return
    raise there.error(
        f"The {there.what} {show(there.path)} is on {display(volume.name)} now, another volume than the "
        "one that this backup was ordered for. Nothing was copied.",
        hint="Plug in the right one, and try again. To take what is there now: cardcat backup CARD DEST",
    )


def _location_uuid(c: Connection, marker: Marker | None, root: Path, volume: Volume) -> str | None:
    """What the marker says; nothing if it is a copy of one that still stands in its own folder."""
    known = marked_location(c, marker.location_uuid) if marker else None
    if marker is None or known is None:
        return marker.location_uuid if marker else None
    first = path_from_volume(volume, known.path)
    if first is None or not first.exists() or first.samefile(root):
        return marker.location_uuid
    original = place.read_marker(first)
    is_copy = original is not None and original.location_uuid == marker.location_uuid
    return None if is_copy else marker.location_uuid


def refuse_one_of_two(root: Path, volume: Volume) -> None:
    """DestinationError if a clone of the drive is plugged in too: what is said of one would be of both."""
    if is_one_of_two(volume, mounted_volumes()):
        raise DestinationError(
            f"The drive of {show(root)} is plugged in twice: one is a clone of the other. Nothing was copied "
            "to it.",
            hint="Unplug one of both. A clone that is to be a drive of its own needs a new filesystem UUID.",
        )


def refuse_empty_mount_point(c: Connection, root: Path, volume: Volume) -> None:
    """
    DestinationError if *root* lies where a drive that is known is usually mounted, and is not now.

    An unplugged drive leaves its folder behind; filling that would fill the computer's own disk.
    """
    for point in (root, *root.parents):
        if point == volume.mount_point:  # what is mounted there, or above it, is no empty folder
            return
        for known in volumes_last_mounted_at(c, point):
            if known.key != volume.key:
                raise DestinationError(
                    f"The destination {show(root)} is the mount point of the drive "
                    f"{known.label or known.key!r}, which is not mounted now. Nothing was copied to it.",
                    hint="Plug the drive in and mount it, or give another folder.",
                )


def _complain(run: Run) -> None:
    if not run.destinations:
        raise run.unusable[0][1]
    for _, error in run.unusable:
        run.reporter.note(error.message)
    seen: dict[int, Path] = {run.source.volume_id: run.source.root}
    for destination in run.destinations:
        other = seen.setdefault(destination.volume_id, destination.root)
        if other == run.source.root:
            run.reporter.note(
                f"{show(destination.root)} is on the same volume as the source: this copy does not make "
                "the card safe to format."
            )
        elif other != destination.root:
            run.reporter.note(
                f"{show(destination.root)} and {show(other)} are on one volume: they count as one copy."
            )


def _close_sessions(run: Run, error: BaseException) -> None:
    """Record how the sessions ended; what was done stays done, the rest is pending."""
    if run.is_finished:
        return
    cancelled = isinstance(error, CancelledError | KeyboardInterrupt)
    status = SessionStatus.CANCELLED if cancelled else SessionStatus.FAILED
    message = error.message if isinstance(error, CardcatError) else f"{type(error).__name__}: {error}"
    try:
        with run.catalog.write() as c:
            for destination in run.destinations:
                if destination.session_id:
                    complete_journal(c, run, destination)
                    own = destination.error
                    finish_session(
                        c,
                        destination.session_id,
                        SessionStatus.FAILED if own else status,
                        message=own.message if own else message,
                        is_cold=destination.is_cold,
                        ignored=run.ignored,
                        excluded=run.excluded,
                        now=now(),
                    )
    except CatalogError:
        return  # the error at hand says more; the next start finds the sessions without an owner

"""Copies that were found bad, restored from good ones: which, from where, in which order."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cardcat.care.choosing import scope_of
from cardcat.care.looking import check
from cardcat.care.outcomes import BadCopy, Repaired, TooLittle, failed, told
from cardcat.care.plugged import remember_drives
from cardcat.care.restoring import (
    Bench,
    NotOursError,
    OccupiedError,
    Placed,
    SourceTroubleError,
    asides,
    open_bench,
    require_ours,
    root_of,
)
from cardcat.catalog.checks import (
    OpenFinding,
    RightCopy,
    Trouble,
    WrongCopy,
    open_findings,
    record_wrong,
)
from cardcat.catalog.due import due_locations
from cardcat.catalog.engine import Catalog
from cardcat.catalog.knowledge import KnownCopy, copies_of_contents
from cardcat.catalog.mended import record_mended, unrecorded
from cardcat.catalog.resolving import still_open
from cardcat.errors import CancelledError, DestinationError, UsageError
from cardcat.model import Presence, Role, Stage
from cardcat.paths import display
from cardcat.plan.mending import by_trust
from cardcat.reporting import Reporter, current
from cardcat.sightings import Now, Places
from cardcat.stopping import stop_requested
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk
from cardcat.text import size as human_size

_AWAY = "its drive is not plugged in"
_NONE = "no good copy of it is known"
_NONE_HERE = "no good copy of it is on a drive that is plugged in"
_DUPLICATE = (Presence.QUARANTINED, Role.LIBRARY)
_PUT_AWAY = "; one was put away as a duplicate: cardcat duplicates cleanups"


def repair(
    catalog: Catalog,
    given: str | None = None,
    *,
    dry_run: bool = False,
    keep_changed: bool = False,
    reporter: Reporter | None = None,
    disk: Disk | None = None,
) -> Repaired:
    """
    Restore each copy of *given* (`choosing.scope_of`) that something was found wrong with, from a good one.

    It is read again first; a bad file is kept in the quarantine of its drive. With *keep_changed* files
    that somebody has changed stay as they are. With *dry_run* nothing is read or written. UsageError if
    *given* means nothing, CancelledError if the user wants to stop.
    """
    with catalog.read() as c:
        scope = scope_of(c, given)
        findings = open_findings(c, scope)
        if given is not None and not findings and not due_locations(c, scope):
            raise UsageError(
                f"No copy is on record at {display(given)}.",
                hint="What is known of drives: cardcat volumes list",
            )
    work = _Repairing(catalog, disk or this_disk(), reporter or current(), keep_changed=keep_changed)
    if dry_run:
        work.preview(findings)
    else:
        work.run(findings)
    return work.found


class _Repairing:
    def __init__(self, catalog: Catalog, disk: Disk, teller: Reporter, *, keep_changed: bool) -> None:
        self.found = Repaired()
        self._catalog, self._disk, self._teller = catalog, disk, teller
        self._keep_changed = keep_changed
        self._places = Places(disk)
        self._too_little: dict[str, TooLittle] = {}  # by the key of the volume

    def preview(self, findings: Sequence[OpenFinding]) -> None:
        """What would be done with each, by looking alone."""
        for bad in self._at_hand(findings):
            doubted = self._doubted(bad)
            source = next((each for each in self._sources(bad) if each[0].id not in doubted), None)
            if source is None:
                self._leave_without_source(bad)
            else:
                self.found.mended.append(bad.told_from(*source))

    def run(self, findings: Sequence[OpenFinding]) -> None:
        """Read each again; restore those that are still bad, a drive at a time."""
        remember_drives(self._catalog, self._places, [finding.copy for finding in findings])
        at_hand = self._at_hand(findings)
        self._teller.begin(Stage.VERIFY, files=len(at_hand), size=sum(bad.copy.size for bad in at_hand))
        by_location: dict[int, list[BadCopy]] = defaultdict(list)
        for bad in at_hand:
            if self._is_still_bad(bad):
                by_location[bad.copy.location_id].append(bad)
        bads = [bad for each in by_location.values() for bad in each]
        self._teller.begin(Stage.COPY, files=len(bads), size=sum(bad.copy.size for bad in bads))
        for each in by_location.values():
            self._on_drive(each)
        self.found.failed += [drive.error for drive in self._too_little.values()]

    # -- what is bad ---------------------------------------------------------------------------------

    def _at_hand(self, findings: Sequence[OpenFinding]) -> list[BadCopy]:
        """Those on drives that are plugged in, in folders that are ours; the others are left."""
        found = []
        for finding in findings:
            copy = finding.copy
            seen = self._places.look(copy)
            if seen.path is None or seen.now is Now.OFFLINE:
                self.found.plug_in[copy.volume_name, copy.last_seen_at] += 1
                self.found.left.append(replace(told(finding), why=_AWAY))
                continue
            bad = BadCopy(finding, seen.path, root_of(copy, seen.path))
            try:
                require_ours(self._disk, bad.root, copy.location_uuid)
            except (NotOursError, DestinationError) as error:
                self._leave(bad, error.message)
            else:
                found.append(bad)
        return found

    def _is_still_bad(self, bad: BadCopy) -> bool:
        self._require_going()
        checked = check(self._disk, self._places, bad.copy, self._advance)
        self._teller.advance(files=1, size=0)
        if checked.right:
            aside = self._record(bad, checked.right, "it was read again and is right")
            self.found.right.append(replace(bad.told, aside=aside))
        elif checked.wrong is None:
            self._leave(bad, _AWAY)
        elif checked.wrong.edited and self._keep_changed:
            self._leave(bad, "somebody has changed it since, and it is to be kept so")
        else:
            return True
        return False

    # -- from where ----------------------------------------------------------------------------------

    def _sources(self, bad: BadCopy) -> Iterator[tuple[KnownCopy, Path]]:
        """The copies that it may be restored from and that are there now, the most trustworthy first."""
        for copy in self._others(bad):
            seen = self._places.look(copy)
            if seen.path is not None and (seen.now is Now.THERE or seen.only_time):
                yield copy, seen.path

    def _others(self, bad: BadCopy) -> list[KnownCopy]:
        with self._catalog.read() as c:
            return by_trust(copies_of_contents(c, [bad.copy.hash]), instead_of=bad.copy)

    def _doubted(self, bad: BadCopy) -> set[int]:
        """Those of the others that something was found wrong with, too."""
        others = [copy.id for copy in self._others(bad)]
        with self._catalog.read() as c:
            return still_open(c, others)

    def _leave_without_source(self, bad: BadCopy) -> None:
        doubted = self._doubted(bad)
        others = [copy for copy in self._others(bad) if copy.id not in doubted]
        away = [copy for copy in others if self._places.look(copy).now is Now.OFFLINE]
        drives = {(copy.volume_name, copy.last_seen_at) for copy in away}
        self.found.plug_in.update(drives)
        with self._catalog.read() as c:
            known = copies_of_contents(c, [bad.copy.hash])
        is_away = any((each.status, each.role) == _DUPLICATE for each in known)
        self._leave(bad, (_NONE_HERE if drives else _NONE) + (_PUT_AWAY if is_away else ""))

    # -- mending -------------------------------------------------------------------------------------

    def _on_drive(self, bads: Sequence[BadCopy]) -> None:
        """Restore what is bad in one location; if its drive fails, all that is not done is left."""
        first, waiting = bads[0], list(bads)
        volume = self._places.volume(first.copy)
        if volume is None:
            self._give_up(waiting, _AWAY)
            return
        try:
            with open_bench(
                self._disk, first.root, first.copy.location_uuid, volume, int(time.time())
            ) as bench:
                with self._catalog.read() as c:
                    open_now = still_open(c, [bad.copy.id for bad in bads])
                while waiting:
                    self._require_going()
                    if waiting[0].copy.id in open_now:
                        self._mend(bench, waiting[0])
                    else:  # another run has settled it meanwhile
                        self.found.right.append(waiting[0].told)
                    waiting.pop(0)
        except NotOursError as error:
            self._give_up(waiting, error.message)
        except DestinationError as error:
            self._fail(error, waiting)
        except OSError as error:
            self._fail(failed(waiting[0], error), waiting)

    def _mend(self, bench: Bench, bad: BadCopy) -> None:
        free = bench.lacks_room(bad.copy.size)
        if free is not None:
            self._leave_without_room(bad, free)
            return
        for source, path in self._sources(bad):
            try:
                placed = bench.restore(bad.copy, path, self._advance)
            except SourceTroubleError as trouble:
                bench.require_there()
                self._distrust(source, trouble)
            except OccupiedError as error:
                self._leave(bad, error.message)
                return
            else:
                self._settle(bad, source, path, placed)
                return
        self._leave_without_source(bad)

    def _leave_without_room(self, bad: BadCopy, free: int) -> None:
        """A smaller file may still fit. The drive's error is told once, when all were tried."""
        copy = bad.copy
        drive = self._too_little.setdefault(copy.volume_key, TooLittle(copy.volume_name))
        drive.files, drive.size, drive.free = drive.files + 1, drive.size + copy.size, free
        self._leave(bad, f"its drive has too little room: {human_size(free)} are free")

    def _settle(self, bad: BadCopy, source: KnownCopy, path: Path, placed: Placed) -> None:
        copy, proof = bad.copy, placed.proof
        right = RightCopy(
            copy.id, copy.hash, placed.mtime_ns, proof.evidence, proof.how, renews=True, xxh3=proof.xxh3
        )
        aside = self._record(bad, right, f"it was restored from {display(source.volume_name)}")
        self.found.mended.append(replace(bad.told_from(source, path), aside=aside))
        self.found.bytes_copied += copy.size
        self._teller.advance(files=1, size=0)

    def _record(self, bad: BadCopy, right: RightCopy, how: str) -> str | None:
        """
        One transaction: the copy is right, and what was set aside for it, also before a kill, is there.

        Return where the bad file is kept, None if there was none.
        """
        copy = bad.copy
        kept = asides(self._disk, bad.root, copy.path)
        with self._catalog.write() as c:
            new = unrecorded(c, copy.location_id, kept)
            if new:
                how += f"; the bad file is at {', '.join(display(aside.path) for aside in new)}"
            record_mended(c, copy, right, new, how=how, now=int(time.time()))
        return new[-1].path if new else None

    def _distrust(self, source: KnownCopy, trouble: SourceTroubleError) -> None:
        """A copy that turned out to be bad itself is a finding of its own, unless its drive was pulled."""
        if self._places.look(source).now is Now.OFFLINE:
            return
        kind = Trouble.DAMAGED if trouble.observed else Trouble.UNREADABLE
        wrong = WrongCopy(source.id, kind, str(trouble), source.hash, trouble.observed)
        with self._catalog.write() as c:
            record_wrong(c, [wrong], int(time.time()))
        self._teller.note(
            f"The copy {display(source.path)} on {display(source.volume_name)} is no good one: {trouble}."
        )

    def _fail(self, error: DestinationError, waiting: Sequence[BadCopy]) -> None:
        self.found.failed.append(error)
        self._give_up(waiting, error.message)

    def _give_up(self, bads: Sequence[BadCopy], why: str) -> None:
        for bad in bads:
            self._leave(bad, why)

    def _leave(self, bad: BadCopy, why: str) -> None:
        self.found.left.append(replace(bad.told, why=why))

    def _advance(self, count: int) -> None:
        self._require_going()
        self._teller.advance(files=0, size=count)

    @staticmethod
    def _require_going() -> None:
        if stop_requested():
            raise CancelledError(
                "Cancelled. What was restored is on record; the same command goes on from there."
            )

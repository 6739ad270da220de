"""What an index found, for people and for `--json`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cardcat.errors import CancelledError, CardcatError
from cardcat.indexing.job import Job, Tally
from cardcat.indexing.places import Place
from cardcat.model import Finding
from cardcat.plan.index_modes import IndexMode, ScanState


@dataclass(frozen=True, slots=True)
class IndexedLocation:
    """
    How the index of one folder ended. *path* is where it is now, or was when its volume was last there.

    *files* and *size* are what is there now, *left_out* counts what rules keep out. Of the files, *new*,
    *changed* and *moved* ones were recorded, the *unchanged* ones not read; *back* counts those that were
    missing or unavailable, *missing* those that are not there any more. Not *is_there*: its volume is not
    plugged in, and *unavailable* files of it are on record. *is_part*: the folder lies in a location, whose
    other parts were not looked at. What ended it before its time is *message*, with a *hint*.
    """

    path: str
    volume: str
    mode: IndexMode
    state: ScanState
    location_id: int | None = None
    is_part: bool = False
    is_there: bool = True
    files: int = 0
    size: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    back: int = 0
    missing: int = 0
    unchanged: int = 0
    unavailable: int = 0
    left_out: int = 0
    to_read: int = 0
    bytes_to_read: int = 0
    bytes_read: int = 0
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    message: str | None = None
    hint: str = ""
    exit_code: int = 0

    @property
    def has_changed(self) -> bool:
        """Whether anything was recorded."""
        return bool(self.new or self.changed or self.moved or self.back or self.missing)


@dataclass(frozen=True, slots=True)
class Indexed:
    """What an index of one or more folders did. *is_dry*: nothing was recorded, and no file was read."""

    locations: tuple[IndexedLocation, ...]
    seconds: float = 0.0
    is_dry: bool = False
    flow_run_id: str | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody stopped it before its end."""
        return any(each.state is ScanState.PAUSED for each in self.locations)

    @property
    def findings(self) -> int:
        """How many things could not be taken in."""
        return sum(len(each.findings) for each in self.locations)

    @property
    def exit_code(self) -> int:
        """130 if it was stopped, else that of the first error, else 1 if there are findings."""
        if self.is_cancelled:
            return CancelledError.exit_code
        failed = next((each.exit_code for each in self.locations if each.exit_code), 0)
        return failed or (CardcatError.exit_code if self.findings else 0)


def result_of(place: Place, job: Job | None, state: ScanState, seconds: float) -> IndexedLocation:
    """How the index of *place* ended, or would; *job* is None if it was not even begun."""
    told = IndexedLocation(
        path=str(place.path),
        volume=place.volume.name,
        mode=place.order.mode,
        state=state,
        location_id=place.location_id,
        is_part=bool(place.below),
        seconds=seconds,
    )
    if job is None or job.changes is None:
        return told
    todo = job.changes
    foreseen = Tally(todo.new, todo.changed, 0, len(todo.back), todo.gone.height)
    tally = foreseen if job.run.is_dry else job.tally
    return replace(
        told,
        files=todo.files,
        size=todo.size,
        new=tally.new,
        changed=tally.changed,
        moved=tally.moved,
        back=tally.back,
        missing=tally.missing,
        unchanged=todo.unchanged,
        left_out=todo.left_out,
        to_read=todo.to_read,
        bytes_to_read=todo.bytes_to_read,
        bytes_read=tally.bytes_read,
        findings=tuple(job.findings),
    )


def told_of(result: IndexedLocation, error: CardcatError) -> IndexedLocation:
    """*result* with what ended it before its time."""
    is_paused = isinstance(error, CancelledError)
    return replace(
        result,
        state=ScanState.PAUSED if is_paused else ScanState.ERROR,
        message=error.message,
        hint=error.hint,
        exit_code=error.exit_code,
    )

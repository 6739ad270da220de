"""Looking at copies: whether each is there now and proved. One that only its bytes can speak for is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cardcat.catalog.bulk import chunks
from cardcat.catalog.copies import CopyRow, set_evidence, set_status
from cardcat.catalog.proofs import ProvedCopy, renew_proofs
from cardcat.model import Evidence, Finding, Presence, Stage
from cardcat.paths import display
from cardcat.run import Destination, Run, now
from cardcat.storage.hashing import fingerprint
from cardcat.storage.presence import cause
from cardcat.storage.reading import mtime_of
from cardcat.storage.verify import can_prove_cold, read_back

_CHANGED = "was changed since it was verified"
_PORTION = 500  # copies that are read before it is written down what that gave


@dataclass(slots=True)
class News:
    """What was learnt of copies while looking, to be written down together. Ids, and findings."""

    missing: list[int] = field(default_factory=list)
    doubted: dict[str, list[int]] = field(default_factory=dict)  # by what is wrong
    proved: list[ProvedCopy] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def tell(self, run: Run) -> None:
        """Write down what was learnt; the files themselves are left as they are."""
        if not (self.missing or self.doubted or self.proved):
            return
        with run.catalog.write() as c:
            set_status(c, self.missing, Presence.MISSING)
            for what, ids in self.doubted.items():
                set_evidence(c, ids, Evidence.CLAIMED, how=what, verified_at=None)
            renew_proofs(c, self.proved, now())
        run.report(self.findings)


def are_good(run: Run, destination: Destination, copies: Iterable[CopyRow]) -> list[bool]:
    """
    Whether each copy is there now and proved; one with weak evidence or another time is read in place.

    DestinationError if the drive is gone, which says nothing about its copies.
    """
    news = News()
    good: list[bool] = []
    to_read: dict[int, _Doubtful] = {}
    for position, copy in enumerate(copies):
        run.check_running()
        looked = _look(destination, copy, news)
        good.append(looked is True)
        if isinstance(looked, _Doubtful):
            to_read[position] = looked
    news.tell(run)
    answers = _read_all(run, destination, {each.copy.id: each for each in to_read.values()})
    for position, doubtful in to_read.items():
        good[position] = answers[doubtful.copy.id]
    return good


def confirm(run: Run, destination: Destination, copy: CopyRow) -> bool:
    """As `are_good`, for one copy."""
    news = News()
    answer = is_good(run, destination, copy, news)
    news.tell(run)
    return answer


def is_good(run: Run, destination: Destination, copy: CopyRow, news: News) -> bool:
    """As `confirm`, but what was learnt is added to *news*, for the caller to tell."""
    looked = _look(destination, copy, news)
    return looked if isinstance(looked, bool) else _weigh(destination, _read(run, destination, looked), news)


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """A copy that only its bytes can speak for. *mtime_ns* is the time that it has now."""

    copy: CopyRow
    mtime_ns: int

    @property
    def is_retimed(self) -> bool:
        """Whether that is not the time on record: another time zone, or another hand."""
        return self.mtime_ns != self.copy.mtime_ns


@dataclass(frozen=True, slots=True)
class _Seen:
    """What reading it gave: the proof that it is right, or what is wrong."""

    doubtful: _Doubtful
    proof: ProvedCopy | None
    trouble: str = ""


def _look(destination: Destination, copy: CopyRow, news: News) -> bool | _Doubtful:
    """Whether the copy is good, as far as looking at it tells. Nothing is read."""
    status = destination.there.look_at_file(copy.path)
    if status is None:
        news.missing.append(copy.id)
        return False
    if status.st_size != copy.size:
        _doubt(destination, copy, news, "Changed", _CHANGED)
        return False
    mtime_ns = mtime_of(status)
    if mtime_ns != copy.mtime_ns or _is_weak(destination, copy.evidence):
        return _Doubtful(copy, mtime_ns)
    destination.is_cold &= copy.evidence == Evidence.READ_BACK_COLD
    return True


def _is_weak(destination: Destination, evidence: Evidence) -> bool:
    wanted = Evidence.READ_BACK_COLD if can_prove_cold(destination.volume.fs_type) else Evidence.READ_BACK
    return evidence.rank < wanted.rank


def _read_all(run: Run, destination: Destination, copies: Mapping[int, _Doubtful]) -> dict[int, bool]:
    """Read copies in place, several at once; what that gives is written down a portion at a time."""
    if copies:
        size = sum(each.copy.size for each in copies.values())
        run.reporter.begin(Stage.HASH, files=len(copies), size=size)
    answers: dict[int, bool] = {}
    for some in chunks(copies.values(), _PORTION):
        news = News()
        run.check_running()
        for seen in run.in_parallel(lambda each: _read(run, destination, each), some):
            answers[seen.doubtful.copy.id] = _weigh(destination, seen, news)
            run.reporter.advance(files=1, size=seen.doubtful.copy.size)
        news.tell(run)
    return answers


def _read(run: Run, destination: Destination, doubtful: _Doubtful) -> _Seen:
    copy = doubtful.copy
    path = destination.root / copy.path
    try:
        seen = read_back(run.disk, path, copy.size, destination.volume.fs_type, sha256=True)
        sample = fingerprint(run.disk, path, copy.size, source=False)
    except OSError as error:
        destination.there.require_there()
        return _Seen(doubtful, None, f"can't be read ({cause(error)})")
    if seen.sha256 != copy.hash:
        return _Seen(doubtful, None, _CHANGED if doubtful.is_retimed else "does not hold the bytes it should")
    proof = ProvedCopy(copy.id, copy.hash, doubtful.mtime_ns, seen.evidence, seen.how, seen.xxh3, sample)
    return _Seen(doubtful, proof)


def _weigh(destination: Destination, seen: _Seen, news: News) -> bool:
    if seen.proof is None:
        error_type = "Changed" if seen.trouble == _CHANGED else "Damaged"
        _doubt(destination, seen.doubtful.copy, news, error_type, seen.trouble)
        return False
    news.proved.append(seen.proof)
    destination.is_cold &= seen.proof.evidence == Evidence.READ_BACK_COLD
    return True


def _doubt(destination: Destination, copy: CopyRow, news: News, error_type: str, what: str) -> None:
    """Take back what was believed of a copy; said once, not at every look."""
    if copy.evidence == Evidence.CLAIMED and error_type == "Changed":
        return
    news.doubted.setdefault(what, []).append(copy.id)
    message = f"The copy {display(copy.path)} {what}; it is left alone and the content is copied anew."
    news.findings.append(
        Finding(copy.path, Stage.VERIFY, error_type, message, destination=str(destination.root))
    )

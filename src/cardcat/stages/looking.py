"""Looking at copies: whether each is there now and proved. One that only its bytes can speak for is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import tee

from cardcat.care.reading import gone, replaced, reread
from cardcat.catalog.bulk import chunks
from cardcat.catalog.checks import RightCopy, WrongCopy, record_right, record_wrong
from cardcat.catalog.copies import CopyRow
from cardcat.model import Evidence, Finding, Stage
from cardcat.parallel import in_parallel
from cardcat.paths import display
from cardcat.run import Destination, Run, now
from cardcat.storage.reading import mtime_of
from cardcat.storage.verify import can_prove_cold

_PORTION = 500  # copies that are read before it is written down what that gave


@dataclass(slots=True)
class News:
    """What was learnt of copies while looking, to be written down together; and what of it is news."""

    right: list[RightCopy] = field(default_factory=list)
    wrong: list[WrongCopy] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def tell(self, run: Run) -> None:
        """Write it down, as `cardcat verify` would; the files themselves are left as they are."""
        if not (self.right or self.wrong):
            return
        with run.catalog.write() as c:
            record_right(c, self.right, now())
            record_wrong(c, self.wrong, now())
        run.report(each for each in self.findings if each not in run.findings)  # a copy is asked for often


def are_good(run: Run, destination: Destination, copies: Iterable[CopyRow]) -> list[bool]:
    """
    Whether each copy is there now and proved; one with weak evidence or another time is read in place.

    DestinationError if the drive is gone, which says nothing about its copies.
    """
    news = News()
    good: list[bool] = []
    to_read: dict[int, CopyRow] = {}
    for position, copy in enumerate(copies):
        run.check_running()
        looked = _look(destination, copy, news)
        good.append(looked is True)
        if looked is None:
            to_read[position] = copy
    news.tell(run)
    answers = _read_all(run, destination, {copy.id: copy for copy in to_read.values()})
    for position, copy in to_read.items():
        good[position] = answers[copy.id]
    return good


def are_untouched(
    run: Run, destination: Destination, copies: Iterable[tuple[str, int, int]]
) -> Iterator[bool]:
    """
    Whether each copy (path, size, time in ns) is there now as it is on record, as far as looking tells.

    Quickest where those of one folder come one after the other. DestinationError if the drive is gone.
    """
    ours, theirs = tee(copies)
    looked = destination.there.look_at_files(path for path, _, _ in theirs)
    for number, ((_, size, mtime_ns), status) in enumerate(zip(ours, looked, strict=True)):
        if not number % _PORTION:
            run.check_running()
        yield status is not None and status.st_size == size and mtime_of(status) == mtime_ns


def is_good(run: Run, destination: Destination, copy: CopyRow, news: News) -> bool:
    """As `are_good`, for one copy; what was learnt is added to *news*, for the caller to tell."""
    looked = _look(destination, copy, news)
    if looked is None:
        return _weigh(destination, copy, _read(run, destination, copy), news)
    return looked


def _look(destination: Destination, copy: CopyRow, news: News) -> bool | None:
    """Whether the copy is good, as far as looking at it tells; None if only its bytes can speak for it."""
    status = destination.there.look_at_file(copy.path)
    if status is None:
        news.wrong.append(gone(copy))
        return False
    is_retimed = mtime_of(status) != copy.mtime_ns  # another time zone, or another hand
    if status.st_size != copy.size:
        wrong = replaced(copy, status.st_size, edited=is_retimed)
        _doubt(destination, copy, wrong, news, "Changed")
        return False
    if is_retimed or is_weak(destination, copy.evidence):
        return None
    destination.is_cold &= copy.evidence == Evidence.READ_BACK_COLD
    return True


def is_weak(destination: Destination, evidence: Evidence) -> bool:
    """Whether a copy on this drive can have better evidence."""
    wanted = Evidence.READ_BACK_COLD if can_prove_cold(destination.volume.fs_type) else Evidence.READ_BACK
    return evidence.rank < wanted.rank


def _read_all(run: Run, destination: Destination, copies: Mapping[int, CopyRow]) -> dict[int, bool]:
    """Read copies in place, several at once; what that gives is written down a portion at a time."""
    if copies:
        size = sum(copy.size for copy in copies.values())
        run.reporter.begin(Stage.HASH, files=len(copies), size=size)
    answers: dict[int, bool] = {}
    for some in chunks(copies.values(), _PORTION):
        news = News()
        run.check_running()
        found = in_parallel(destination.threads, lambda copy: _read(run, destination, copy), some)
        for copy, each in zip(some, found, strict=True):
            answers[copy.id] = _weigh(destination, copy, each, news)
            run.reporter.advance(files=1, size=copy.size)
        news.tell(run)
    return answers


def _read(run: Run, destination: Destination, copy: CopyRow) -> RightCopy | WrongCopy:
    found = reread(run.disk, destination.root / copy.path, copy, destination.volume.fs_type, sampled=True)
    if isinstance(found, WrongCopy):
        destination.there.require_there()  # that it is gone says nothing about its copies
    return found


def _weigh(destination: Destination, copy: CopyRow, found: RightCopy | WrongCopy, news: News) -> bool:
    if isinstance(found, WrongCopy):
        _doubt(destination, copy, found, news, "Changed" if found.edited else "Damaged")
        return False
    news.right.append(found)
    destination.is_cold &= found.evidence == Evidence.READ_BACK_COLD
    return True


def _doubt(destination: Destination, copy: CopyRow, wrong: WrongCopy, news: News, error_type: str) -> None:
    """Take back what was believed of a copy. That it was changed is told once, not at every look."""
    news.wrong.append(wrong)
    if copy.evidence == Evidence.CLAIMED and error_type == "Changed":
        return
    message = (
        f"The copy {display(copy.path)} is not right: {wrong.message}; "
        "it is left alone and the content is copied anew."
    )
    news.findings.append(
        Finding(copy.path, Stage.VERIFY, error_type, message, destination=str(destination.root))
    )

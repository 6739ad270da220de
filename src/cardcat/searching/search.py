"""Equal files below some folders, found with as little reading as will do. Nothing is written."""

from __future__ import annotations

import os
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

from cardcat.searching.found import Copy, Found, Group, Seen, Unread
from cardcat.searching.grouping import Links, alike, flat, same_sizes, shared_out
from cardcat.searching.workers import how_many, workers
from cardcat.storage.quick.columns import Files, Listed, Place
from cardcat.storage.quick.digests import WHOLE, Answers, Reader
from cardcat.storage.quick.listing import Lister, Root, close_roots, open_roots

_FOLDERS = 64  # that a worker lists before it answers
_RUN = 128  # files that a worker takes at once, at least
_LARGE_RUN = 2  # the same where all of each is read
_RUNS = 1000  # at most, so that their numbers fit into one page: no pipe holds less
_NUMBER = 4  # bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: what it does, and files and bytes done. *of* is how many files, 0 if not known."""

    doing: str
    files: int
    of: int = 0
    size: int = 0


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Search:
    """
    What to look for: files of at least *min_size* bytes below *paths*, without what *excludes* match.

    *sure* compares by SHA-256 of all bytes instead of XXH3-128. *processes* is how many work; None decides.
    """

    paths: tuple[str, ...]
    min_size: int = 1
    excludes: tuple[str, ...] = ()
    sure: bool = False
    processes: int | None = None


def find_duplicates(search: Search, on_progress: OnProgress | None = None) -> Found:
    """
    The groups of equal files, the largest waste first.

    Names of one inode are one copy. Files that can't be read, or that change while the search runs, are in
    no group and are told of. SourceError if a path can't be opened. A KeyboardInterrupt ends it at once.
    """
    roots = open_roots(search.paths)
    try:
        return _Run(search, roots, on_progress or (lambda _: None)).run()
    finally:
        close_roots(roots)


class _Run:
    def __init__(self, search: Search, roots: Sequence[Root], tell: OnProgress) -> None:
        self._search = search
        self._roots = roots
        self._tell = tell
        self._count = search.processes or how_many()
        self._files = Files([root.path for root in roots])
        self._seen = Seen()
        self._unread: list[Unread] = []

    def run(self) -> Found:
        self._list()
        order, links = same_sizes(self._files)
        groups: list[Group] = []
        large: list[list[int]] = []
        for digest, members in self._digests(order, whole=False):
            if self._files.sizes[members[0]] > WHOLE:
                large.append(members)
            else:
                groups.append(self._group(digest, members, links))
        again = array("Q", flat(large))
        groups += [self._group(*found, links) for found in self._digests(again, whole=True)]
        groups.sort(key=lambda group: (-group.wasted, group.copies[0].paths))
        self._seen.links += sum(map(len, links.values()))
        self._unread.sort(key=lambda unread: unread.path)
        return Found(tuple(groups), self._seen, tuple(self._unread), self._search.sure)

    def _list(self) -> None:
        lister = Lister(self._roots, self._search.excludes, self._search.min_size)
        places, named = lister.starts()
        self._take(named)
        waiting = deque(places)
        with workers(lambda asked: lister.list_folders(*asked), self._count) as helpers:
            idle = [*range(helpers.count)]
            while waiting or len(idle) < helpers.count:
                while idle and waiting:
                    helpers.ask(idle.pop(), _some(waiting, helpers.count))
                for helper, listed in helpers.answers():
                    self._take(listed)
                    waiting.extend(listed.below)
                    idle.append(helper)
                self._tell(Progress("Listing", len(self._files)))
        self._seen.files, self._seen.size = len(self._files), sum(self._files.sizes)

    def _take(self, listed: Listed) -> None:
        self._files.add(listed)
        self._unread += [Unread(path, message) for path, message in listed.unread]
        seen = self._seen
        seen.small += listed.small
        seen.excluded += listed.excluded
        seen.special += listed.special
        seen.destinations += listed.destinations

    def _digests(self, order: array[int], *, whole: bool) -> Iterator[tuple[bytes, list[int]]]:
        """Read the files, all of each or samples, and tell the groups that have a digest in common."""
        answers = Answers(len(order), self._count)
        runs = shared_out(self._files, order, _run_length(len(order), whole=whole))

        def read(part: int) -> list[tuple[int, str]]:
            """What one worker does: runs of files until none is left; the files that failed."""
            reader = Reader(self._roots, self._files, whole=whole, sure=self._search.sure)
            positions = chain.from_iterable(map(runs.__getitem__, iter(take, None)))
            reader.read(order, positions, answers, part)
            return reader.failed

        with _queue(len(runs)) as take:
            self._wait_for(read, answers, len(order))
        self._seen.read += answers.size
        return alike(self._files, order, answers.all())

    def _wait_for(self, read: Callable[[int], list[tuple[int, str]]], answers: Answers, files: int) -> None:
        with workers(read, self._count if files else 1) as helpers:
            for worker in range(helpers.count):
                helpers.ask(worker, worker)
            busy = helpers.count
            while busy:
                for _, failed in helpers.answers():
                    busy -= 1
                    self._unread += [Unread(self._files.path(file), message) for file, message in failed]
                self._tell(Progress("Reading", answers.files, files, answers.size))

    def _group(self, digest: bytes, members: list[int], links: Links) -> Group:
        path = self._files.path
        copies = sorted(tuple(sorted(map(path, (file, *links.get(file, ()))))) for file in members)
        width = 32 if self._search.sure else 16
        return Group(digest[:width].hex(), self._files.sizes[members[0]], tuple(map(Copy, copies)))


def _some(waiting: deque[Place], helpers: int) -> tuple[list[Place], int]:
    """A fair part of the folders to list, and how many below them as well: few while others have nothing."""
    share = min(len(waiting) // (2 * helpers) + 1, _FOLDERS)
    most = _FOLDERS if len(waiting) > 2 * helpers else share
    return [waiting.popleft() for _ in range(share)], most


def _run_length(files: int, *, whole: bool) -> int:
    return max(-(-files // _RUNS), _LARGE_RUN if whole else _RUN)


@contextmanager
def _queue(count: int) -> Iterator[Callable[[], int | None]]:
    """A function that gives the numbers below *count*, each once, to all processes that call it."""
    out, into = os.pipe()
    os.write(into, b"".join(number.to_bytes(_NUMBER, "little") for number in range(count)))
    os.close(into)

    def take() -> int | None:
        taken = os.read(out, _NUMBER)
        return int.from_bytes(taken, "little") if taken else None

    try:
        yield take
    finally:
        os.close(out)

"""Work on many files, several of them at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from itertools import islice
from typing import TypeVar

WINDOW = 4_096  # calls that are waiting at once
HANDFUL = 1_000_000  # bytes of small values (files, or some of a folder) that a thread takes at a time
MOST_IN_HAND = 16  # values; with fewer bytes than that, they are tiny
LONG = 0.004  # seconds of waiting for a tiny one, while a drive could be asked for others

A = TypeVar("A")
B = TypeVar("B")


def in_parallel(
    threads: Executor,
    function: Callable[[A], B],
    values: Iterable[A],
    *,
    size: Callable[[A], int] | None = None,
) -> Iterator[B]:
    """
    Call *function* for each value, several at once; the results come in order, in bounded memory.

    With *size*, the bytes of a value, small ones are handed over a few at a time. As long as the drives
    answer at once, the caller's own thread does the tiny ones: to hand them over costs more than to copy
    them. Whatever ends it, no call is at work any more when it is over.
    """

    def each(some: Sequence[A]) -> list[B]:
        return [function(value) for value in some]

    def hand_over(first: int) -> None:
        for at in range(first, len(handfuls)):
            some, is_large = handfuls[at]
            if at not in given and (is_large or has_to_wait):
                given[at] = threads.submit(each, some)

    has_to_wait = False  # for each tiny file, so long that it pays to have several on the way
    waiting = iter(values)
    while window := list(islice(waiting, WINDOW)):
        handfuls = list(_handfuls(window, size))
        given: dict[int, Future[list[B]]] = {}
        try:
            hand_over(0)
            for at, (some, _) in enumerate(handfuls):
                if at in given:
                    yield from given[at].result()
                    continue
                begun, at_work = time.monotonic(), time.thread_time()
                found = each(some)
                waited = time.monotonic() - begun - (time.thread_time() - at_work)
                if waited > LONG * len(some):
                    has_to_wait = True
                    hand_over(at + 1)
                yield from found
        finally:
            wait([future for future in given.values() if not future.cancel()])


def _handfuls(values: Sequence[A], size: Callable[[A], int] | None) -> Iterator[tuple[Sequence[A], bool]]:
    """*values* in their order, a few at a time, with whether these are worth a thread's while."""
    start = total = 0
    for at, value in enumerate(values):
        total += HANDFUL if size is None else size(value)  # each counts as large where nobody knows
        if total >= HANDFUL or at - start >= MOST_IN_HAND - 1 or at == len(values) - 1:
            yield values[start : at + 1], total >= HANDFUL
            start, total = at + 1, 0

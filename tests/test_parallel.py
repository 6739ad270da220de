"""Several files at once: large ones in threads, tiny ones without, unless a drive makes everybody wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat import parallel
from cardcat.parallel import HANDFUL, MOST_IN_HAND, in_parallel


@pytest.fixture(scope="module")
def files() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def threads_of(files: ThreadPoolExecutor, sizes: list[int]) -> list[str]:
    return list(in_parallel(files, lambda _: threading.current_thread().name, sizes, size=lambda size: size))


@given(st.lists(st.sampled_from([0, 10, HANDFUL // 3, HANDFUL, 5 * HANDFUL]), max_size=80))
def test_the_results_come_in_order(files: ThreadPoolExecutor, sizes: list[int]) -> None:
    values = list(enumerate(sizes))
    found = in_parallel(files, lambda value: value, values, size=lambda value: value[1])
    assert list(found) == values


def test_tiny_files_are_not_handed_over(files: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LONG", 60)
    own = threading.current_thread().name
    assert set(threads_of(files, [10] * 100)) == {own}
    assert own not in threads_of(files, [HANDFUL] * 3)
    assert own not in in_parallel(files, lambda _: threading.current_thread().name, [1, 2])


def test_they_are_where_a_drive_lets_everybody_wait(
    files: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "LONG", -1)
    own = threading.current_thread().name
    first, rest = MOST_IN_HAND, 3 * MOST_IN_HAND
    names = threads_of(files, [10] * (first + rest))
    assert names[:first] == [own] * first
    assert own not in names[first:]
    assert threads_of(files, [10]) == [own]  # each batch finds out by itself: a drive may have been busy


def test_a_slow_processor_is_no_slow_drive(
    files: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seconds(wall: float, at_work: float) -> list[str]:
        clock = SimpleNamespace(monotonic=count(0, wall).__next__, thread_time=count(0, at_work).__next__)
        monkeypatch.setattr(parallel, "time", clock)
        return threads_of(files, [10] * 2 * MOST_IN_HAND)

    own = threading.current_thread().name
    assert set(seconds(wall=50, at_work=50)) == {own}
    assert own in seconds(wall=50, at_work=1) != [own] * 2 * MOST_IN_HAND


def test_what_ends_it_leaves_nothing_at_work(files: ThreadPoolExecutor) -> None:
    begun, ended = [], []

    def work(size: int) -> None:
        begun.append(size)
        if size == HANDFUL + 3:
            raise ValueError("enough")
        ended.append(size)

    sizes = [HANDFUL + number for number in range(50)]
    with pytest.raises(ValueError, match="enough"):
        list(in_parallel(files, work, sizes, size=lambda size: size))
    assert len(begun) == len(ended) + 1

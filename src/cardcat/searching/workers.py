"""A few forked processes that answer requests: the work of a search is a million short system calls."""

from __future__ import annotations

import ctypes
import os
import pickle
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Generic, Protocol, TypeVar

from cardcat.errors import CardcatError

MOST = 4  # processes: with more, disks gain little
_PER_CORE = 2  # while one waits for the disk, the other works
_TICK = 200  # milliseconds between two looks at the clock
_PR_SET_PDEATHSIG = 1
_PATIENCE = 1.0  # seconds for killed processes to go

Answer = TypeVar("Answer")


class Workers(Protocol[Answer]):
    """What answers requests, one at a time each. A worker is its number, from 0."""

    count: int

    def ask(self, worker: int, request: Any) -> None:
        """Give *worker*, which has nothing to do, a request."""

    def answers(self) -> list[tuple[int, Answer]]:
        """Wait a little for workers that have been asked; those that are done, with what they say."""


def how_many() -> int:
    """How many processes are worth having here; 1 where this one had better do the work itself."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1  # a process with threads is not safe to fork
    return min(_PER_CORE * len(os.sched_getaffinity(0)), MOST)


@contextmanager
def workers(work: Callable[[Any], Answer], count: int) -> Iterator[Workers[Answer]]:
    """
    *count* processes that answer by *work*, or this one if it is one. They are gone at the end.

    They know what this process knew when they were made; what they learn, they keep to themselves. Both
    requests and answers are pickled.
    """
    if count == 1:
        yield _Alone(work)
        return
    forked = _Forked(work)
    try:
        for _ in range(count):
            forked.add()
        yield forked
    finally:
        forked.end()


class _Alone(Generic[Answer]):
    def __init__(self, work: Callable[[Any], Answer]) -> None:
        self.count = 1
        self._work = work
        self._asked: list[Any] = []

    def ask(self, worker: int, request: Any) -> None:  # noqa: ARG002 - there is one only
        self._asked.append(request)

    def answers(self) -> list[tuple[int, Answer]]:
        asked, self._asked = self._asked, []
        return [(0, self._work(request)) for request in asked]


class _Forked(Generic[Answer]):
    def __init__(self, work: Callable[[Any], Answer]) -> None:
        self.count = 0
        self._work = work
        self._pids: list[int] = []
        self._requests: list[BinaryIO] = []
        self._answers: list[BinaryIO] = []
        self._poll = select.poll()
        self._numbers: dict[int, int] = {}

    def add(self) -> None:
        requests, ask = os.pipe()
        answers, answer = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            _die_with(parent)
            for stream in (*self._requests, *self._answers):
                os.close(stream.fileno())  # an end that somebody else holds open never ends
            os.close(ask)
            os.close(answers)
            _serve(self._work, requests, answer)
        os.close(requests)
        os.close(answer)
        self._pids.append(pid)
        self._requests.append(os.fdopen(ask, "wb", buffering=0))
        self._answers.append(os.fdopen(answers, "rb"))
        self._numbers[answers] = self.count
        self.count += 1

    def ask(self, worker: int, request: Any) -> None:
        with _worker_is_there():
            pickle.dump(request, self._requests[worker], protocol=5)
            self._poll.register(self._answers[worker].fileno(), select.POLLIN)

    def answers(self) -> list[tuple[int, Answer]]:
        return [(self._numbers[fd], self._read(fd)) for fd, _ in self._poll.poll(_TICK)]

    def _read(self, fd: int) -> Answer:
        self._poll.unregister(fd)
        with _worker_is_there():
            answer: Answer = pickle.load(self._answers[self._numbers[fd]])  # noqa: S301 - of our own process
        return answer

    def end(self) -> None:
        """End them at once, without waiting for one that hangs in a broken disk."""
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
        for stream in (*self._requests, *self._answers):
            with suppress(OSError):
                stream.close()
        until = time.monotonic() + _PATIENCE
        for pid in self._pids:
            with suppress(ChildProcessError):
                while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < until:
                    time.sleep(0.001)


@contextmanager
def _worker_is_there() -> Iterator[None]:
    try:
        yield
    except (BrokenPipeError, EOFError, pickle.UnpicklingError) as error:
        raise CardcatError(
            "One of the processes that search has ended before its time: nothing was found out.",
            hint="Give the command again. If memory is short, search fewer folders at once.",
        ) from error


def _die_with(parent: int) -> None:
    """Have the system end this process when *parent* is killed: it may be in the middle of a long file."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:  # it was killed just now
        os._exit(1)


def _serve(work: Callable[[Any], Any], requests: int, answers: int) -> None:
    """Answer until nobody asks any more, and end this process: it never returns."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that asks ends us
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with os.fdopen(requests, "rb") as asked, os.fdopen(answers, "wb") as answer:
            while True:
                pickle.dump(work(pickle.load(asked)), answer, protocol=5)  # noqa: S301 - of our own process
                answer.flush()
    except (EOFError, BrokenPipeError):
        code = 0
    except BaseException:  # noqa: BLE001 - a bug: it is shown, and the process ends here whatever it was
        traceback.print_exc()
    finally:
        os._exit(code)

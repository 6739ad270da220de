"""Many files looked into, where a hostile one can do no harm."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import LifoQueue
from types import TracebackType
from typing import Generic, Self

from cardcat.media.process import (
    Answer,
    WorkerLostError,
    WorkerNotStartedError,
    WorkerProcess,
    worker_command,
)
from cardcat.media.protocol import Limits, Request, unpack_answer
from cardcat.media.readable import has_metadata
from cardcat.metadata import Metadata

_CHUNK = 32  # requests on the way to one worker
_LIFE = 5000  # files until a worker is replaced: what its libraries leak stays small
_MOST_WORKERS = 4
_FAILED_STARTS = 3  # in a row, until starting workers is given up


class WorkerPool(ABC, Generic[Answer]):
    """
    Worker processes that look into files; a context manager. Any number of threads may use it.

    The processes are started when they are needed, at most *workers* (default: the cores, at most 4).
    One that crashes, hangs or eats memory is replaced; it costs one file its answer and nothing else.
    """

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._count = workers or min(len(os.sched_getaffinity(0)), _MOST_WORKERS)
        self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="workers")
        self._idle: LifoQueue[WorkerProcess | None] = LifoQueue()  # None: may be started
        for _ in range(self._count):
            self._idle.put(None)
        self._lock = threading.Lock()
        self._alive: set[WorkerProcess] = set()
        self._failed_starts = 0
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, files: int) -> None:
        """Have processes started in the background for so many files, so that these need not wait."""
        for _ in range(min(self._count, files)):
            self._threads.submit(self._start_one)

    def answers(self, requests: Sequence[Request]) -> Iterator[Answer]:
        """The answer for each file, in order. Never raises for a file."""
        size = max(1, min(_CHUNK, -(-len(requests) // self._count)))
        chunks = [requests[at : at + size] for at in range(0, len(requests), size)]
        return (answer for chunk in self._threads.map(self._read_chunk, chunks) for answer in chunk)

    def close(self) -> None:
        """End all processes at once. What is still being read ends as trouble."""
        with self._lock:
            self._is_closed = True
            for worker in self._alive:
                worker.kill()
        self._threads.shutdown(cancel_futures=True)
        while self._alive:
            self._alive.pop().close()

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The command line of a worker."""

    @abstractmethod
    def unpack(self, line: bytes) -> Answer:
        """The answer that a worker wrote as *line*; ValueError if it is none."""

    @abstractmethod
    def lost(self, cause: WorkerLostError) -> Answer:
        """The answer for a file that a worker ended at."""

    def _start_one(self) -> None:
        """What fails now is tried again when a process is needed, and counts only then."""
        worker = self._idle.get()
        try:
            worker = self._ready(worker)
        except WorkerLostError:
            worker, self._failed_starts = None, 0
        finally:
            self._idle.put(worker)

    def _read_chunk(self, chunk: Sequence[Request]) -> list[Answer]:
        answers: list[Answer] = []
        while len(answers) < len(chunk):
            answers += self._read_some(chunk[len(answers) :])
        return answers

    def _read_some(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers of one worker: all of them, or up to the file that ended it."""
        answers: list[Answer] = []
        worker = self._idle.get()
        try:
            worker = self._ready(worker)
            for answer in worker.ask(requests, self.unpack):
                answers.append(answer)  # noqa: PERF402 - what came before the end of a worker is kept
        except WorkerLostError as lost:
            answers.append(self.lost(lost))
            self._drop(worker)
            worker = None
        finally:
            self._idle.put(worker)
        return answers

    def _ready(self, worker: WorkerProcess | None) -> WorkerProcess:
        """*worker*, or a new one if there is none, if it is worn out or has died of something else."""
        if worker and worker.answered < _LIFE and worker.is_alive():
            return worker
        self._drop(worker)
        if self._failed_starts >= _FAILED_STARTS:
            raise WorkerNotStartedError("no process for it can be started")
        started = None
        try:
            started = WorkerProcess(self.command(), self._limits)
            with self._lock:
                self._alive.add(started)  # whoever closes the pool need not wait until it is ready
                if self._is_closed:
                    started.kill()
            started.wait_until_ready()
        except WorkerNotStartedError:
            self._failed_starts += 1
            self._drop(started)
            raise
        self._failed_starts = 0
        return started

    def _drop(self, worker: WorkerProcess | None) -> None:
        if worker:
            with self._lock:
                self._alive.discard(worker)
            worker.close()


class MetadataPool(WorkerPool[Metadata]):
    """Worker processes that read metadata."""

    def read(self, paths: Sequence[Request]) -> list[Metadata]:
        """
        The metadata of each file, in the order of *paths*; empty for what `has_metadata` says no to.

        Never raises for a file: what went wrong stands in its `trouble`.
        """
        asked = [index for index, (path, kind) in enumerate(paths) if has_metadata(kind, path.name)]
        found = [Metadata()] * len(paths)
        answers = self.answers([paths[index] for index in asked])
        for index, answer in zip(asked, answers, strict=True):
            found[index] = answer
        return found

    def command(self) -> Sequence[str]:
        """The command line of a worker."""
        return worker_command(self._limits)

    def unpack(self, line: bytes) -> Metadata:
        """The metadata that a worker wrote."""
        return unpack_answer(line)

    def lost(self, cause: WorkerLostError) -> Metadata:
        """What is known of a file that a worker ended at."""
        return Metadata(trouble=f"its metadata can't be read: {cause}")

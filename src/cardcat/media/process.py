"""One worker process, as the program sees it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from cardcat.media.protocol import OUT_OF_MEMORY, READY, Limits, Request, pack_requests
from cardcat.own_process import python_command

_START_LIMIT = 30.0  # seconds until a new worker must be ready; the machine may be busy
_GRACE = 2.0  # seconds that the program waits beyond a worker's own time limit
_LONGEST_ANSWER = 1 << 20

Answer = TypeVar("Answer")


class WorkerLostError(Exception):
    """The worker has ended, or had to be. The text says why, as half a sentence."""


class WorkerNotStartedError(WorkerLostError):
    """There is no worker, whatever the file."""


def worker_command(limits: Limits, module: str = "cardcat.media.worker") -> list[str]:
    """The command of a worker, `main` of *module*."""
    return python_command(module, str(limits.seconds), str(limits.memory))


class WorkerProcess:
    """
    A process that looks into files, ready for requests; for one thread at a time.

    It is in a session of its own, so that Ctrl-C reaches the program alone. Making one raises
    WorkerNotStartedError if it can't be had; `wait_until_ready` comes before anything is asked.
    """

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        self.answered = 0
        self._limits = limits
        self._rest = b""
        try:
            self._process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",  # the drive that the user is on can be unmounted
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerNotStartedError(f"no process for it can be started: {error.strerror}") from error
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)

    def wait_until_ready(self) -> None:
        """Return when it can be asked; WorkerNotStartedError if it does not get as far."""
        try:
            ready = self._line(_START_LIMIT) == READY
        except WorkerLostError:
            ready = False
        if not ready:
            raise WorkerNotStartedError("the process for it does not start")

    def ask(self, requests: Sequence[Request], unpack: Callable[[bytes], Answer]) -> Iterator[Answer]:
        """
        The answer for each file, in order, as it comes; WorkerLostError at the one that it ended at.

        *unpack* raises ValueError for a line that is no answer.
        """
        self._send(pack_requests([(path.absolute(), kind) for path, kind in requests]))
        for _ in requests:
            line = self._line(self._limits.seconds + _GRACE)
            try:
                answer = unpack(line)
            except ValueError as error:
                raise WorkerLostError("the process that read it gave no sensible answer") from error
            self.answered += 1
            yield answer

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process, whatever it does; another thread that asks it gets WorkerLostError."""
        self._process.kill()

    def close(self) -> None:
        """End the process and give back what it held."""
        self.kill()
        # A process that reads from a broken disk may not even die: it is left to the system.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._requests.close()
        self._answers.close()

    def _send(self, data: bytes) -> None:
        """Write, without waiting for ever if nobody reads."""
        rest, deadline = memoryview(data), time.monotonic() + _START_LIMIT
        while rest:
            self._wait(self._requests.fileno(), select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._requests.fileno(), rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise self._ended() from error

    def _line(self, limit: float) -> bytes:
        deadline = time.monotonic() + limit
        while b"\n" not in self._rest:
            self._wait(self._answers.fileno(), select.POLLIN, deadline)
            found = os.read(self._answers.fileno(), 1 << 16)
            if not found or len(self._rest) > _LONGEST_ANSWER:
                raise self._ended()
            self._rest += found
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _wait(self, fd: int, event: int, deadline: float) -> None:
        """Until *fd* is ready. What is ready counts however late it is: the program may have been stopped."""
        poll = select.poll()
        poll.register(fd, event)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise WorkerLostError(self._too_long())

    def _ended(self) -> WorkerLostError:
        """Why the worker ended by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        code = self._process.returncode
        if code == -signal.SIGALRM:
            return WorkerLostError(self._too_long())
        if code == OUT_OF_MEMORY:
            return WorkerLostError(f"it needs more than {self._limits.memory >> 20} MiB of memory")
        return WorkerLostError(f"the process that read it crashed: {_cause(code)}")

    def _too_long(self) -> str:
        return f"it takes longer than {self._limits.seconds:g} s"


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"

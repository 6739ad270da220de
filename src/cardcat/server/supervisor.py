"""Starts cardcat's Prefect server, watches it and ends it: `python -m cardcat.server.supervisor SECONDS`.

One such process lives at a time, by a lock that its children hold too. Only they import Prefect.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cardcat.owner import is_alive, owner_stamp
from cardcat.server import asking, control, deploying, logs, state
from cardcat.server.cards import CardLooks
from cardcat.server.settings import USUAL_PORT, environment
from cardcat.server.state import State
from cardcat.shipped import ROOT

_START = 180.0  # seconds after which a server that does not answer never will
_PAUSE = 10.0  # seconds before something that ended by itself is started again
_LONGEST_PAUSE = 300.0  # for a worker that ends again and again
_HEALTHY = 60.0  # seconds after which a worker is one that works
_ASK = 20.0  # seconds between two questions to the server whether it still answers
_SILENCE = 120.0  # seconds without an answer after which it is taken for hanging
_WORKER = ("--pool", deploying.POOL, "--type", "process", "--name", "cardcat")
_PATIENCE = 8.0  # seconds that Prefect may take to end
_LONGEST_COMMAND = 180.0  # seconds that a command of Prefect's, or ending lost runs, may take
_RUN_PATIENCE = 20.0  # seconds that a backup may take for the files in hand


class Supervisor:
    """Holds the lock *lock*; ends the server after *idle* seconds without a client, unless it is kept."""

    def __init__(self, lock: int, idle: float) -> None:
        self._lock = lock
        self._idle = idle
        self._stop = threading.Event()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._worker = Patience()
        self._reaping_since = 0.0
        last = state.read()
        self._state = State(owner_stamp(), os.getpid(), last.port if last else USUAL_PORT, state.version())

    def run(self) -> int:
        """Serve until nobody needs the server, or a signal comes. 1 if it could not be started or died."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        state.write(self._state)
        try:
            while not self._start() or not self._watch():
                if self._stop.is_set() or not self._is_wanted():
                    return 1
                self._end()
                self._stop.wait(_PAUSE)
        finally:
            self._end()
        return 0

    def _start(self) -> bool:
        """Start the server on the first port that works, with its deployments. False if none does."""
        for port in _free_ports(self._state.port):
            self._note(replace(self._state, port=port))
            self._spawn("server", "server", "start")
            if self._answers():
                self._reap("--all")  # what the last one left
                self._deploy()
                self._note(replace(self._state, ready=True))
                return True
            self._end()
            if self._stop.is_set():
                break
        return False

    def _answers(self) -> bool:
        """Wait for the server. It is the right one if our child has the port, and the version is ours."""
        end = time.monotonic() + _START
        while self._lives("server") and time.monotonic() < end and not self._stop.wait(0.1):
            has_port = asking.is_listening(self._children["server"].pid, self._state.port)
            if has_port and asking.version(self._state.api_url) == self._state.version:
                return self._lives("server")
        return False

    def _deploy(self) -> None:
        if deploying.is_deployed():
            return
        try:
            deploying.deploy(self._state.api_url, self._prefect)
        except OSError as error:  # the page shows runs all the same
            sys.stderr.write(f"cardcat: {error}\n")

    def _watch(self) -> bool:
        """Return True when the server has done its work, False when it ended by itself or hangs."""
        used = time.monotonic()
        hearing, looks = Hearing(self._state.api_url), CardLooks(self._state.api_url)
        while self._lives("server") and not hearing.is_lost():
            logs.trim()
            if self._is_wanted():
                self._see_to_worker()
                if self._lives("worker"):
                    looks.see_to()
                used = time.monotonic()
            elif asking.connections(self._state.port):
                used = time.monotonic()
            if time.monotonic() - used > self._idle or self._stop.wait(1):
                return True
        return False

    def _see_to_worker(self) -> None:
        if self._lives("worker") or self._is_reaping() or not self._worker.is_over():
            return
        if self._children.pop("worker", None):
            self._reap()  # its runs that died with it
            return
        self._deploy()
        self._worker.begin()
        self._spawn("worker", "worker", "start", *_WORKER)
        self._note(replace(self._state, kept=True))

    def _reap(self, *arguments: str) -> None:
        """End the runs that nobody works on any more."""
        self._reaping_since = time.monotonic()
        self._spawn_python("reaper", "cardcat.server.reaping", *arguments)

    def _is_reaping(self) -> bool:
        """Whether lost runs are still being ended; it may hang on a dead share, and is ended then."""
        if self._lives("reaper") and time.monotonic() - self._reaping_since > _LONGEST_COMMAND:
            self._end_child("reaper", _PATIENCE)
        return self._lives("reaper")

    def _is_wanted(self) -> bool:
        return state.keep_file().exists()

    def _lives(self, name: str) -> bool:
        return name in self._children and self._children[name].poll() is None

    def _prefect(self, *arguments: str) -> int:
        """Run a command of Prefect's in the project's folder; cut short if it hangs, or we have to stop."""
        self._spawn("command", *arguments)
        end = time.monotonic() + _LONGEST_COMMAND
        while self._lives("command") and time.monotonic() < end and not self._stop.wait(0.1):
            pass
        return self._end_child("command", 0)

    def _spawn(self, name: str, *arguments: str) -> None:
        """Start Prefect's command line as the child *name*."""
        self._spawn_python(name, "prefect", "--no-prompt", *arguments)

    def _spawn_python(self, name: str, module: str, *arguments: str) -> None:
        """Start *module* as the child *name*, never from the working folder's packages."""
        self._children[name] = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            cwd=ROOT if name == "command" else state.folder(),
            env=environment(self._state.port),
            stdin=subprocess.DEVNULL,
            pass_fds=[self._lock],
        )

    def _end(self) -> None:
        """End the worker's runs, the worker and the server, in this order: each tells the next one."""
        self._note(replace(self._state, ready=False, kept=False))
        if self._lives("worker"):
            _end_runs(self._children["worker"].pid)
        for name in ("reaper", "worker", "server"):
            if name in self._children:
                self._end_child(name, _PATIENCE)

    def _end_child(self, name: str, patience: float) -> int:
        child = self._children.pop(name)
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            return child.wait(patience)
        child.kill()
        return child.wait()

    def _note(self, now: State) -> None:
        self._state = now
        with suppress(OSError):  # a full disk: whoever waits gives up, and goes on without a server
            state.write(self._state)


class Patience:
    """How long to wait until a worker is started again: the longer, the more often it ended at once."""

    def __init__(self) -> None:
        self._started, self._pause = -_LONGEST_PAUSE, _PAUSE

    def is_over(self) -> bool:
        """Whether it may be started now."""
        return time.monotonic() - self._started >= self._pause

    def begin(self) -> None:
        """Note that it is started now."""
        lived = time.monotonic() - self._started
        self._pause = _PAUSE if lived > _HEALTHY else min(2 * self._pause, _LONGEST_PAUSE)
        self._started = time.monotonic()


class Hearing:
    """Whether the server at *api_url* still answers; it is asked now and then."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self._heard = self._asked = time.monotonic()

    def is_lost(self) -> bool:
        """Whether it has not answered for so long that it hangs."""
        now = time.monotonic()
        if now - self._asked >= _ASK:
            self._asked = now
            if asking.version(self._api_url):
                self._heard = now
        return now - self._heard > _SILENCE


def _end_runs(worker: int) -> None:
    """Ask the runs of *worker* to end, and wait for them. The worker itself would kill them."""
    end = time.monotonic() + _RUN_PATIENCE
    runs = _children_of(worker)
    for pid in runs:
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    while time.monotonic() < end and runs & _children_of(worker):
        time.sleep(0.1)


def _children_of(pid: int) -> set[int]:
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return set()


def _free_ports(last: int) -> Iterator[int]:
    """Ports to try: the usual one, the last one, then whatever is free."""
    for wanted in (*dict.fromkeys((USUAL_PORT, last)), 0, 0):
        if port := _free_port(wanted):
            yield port


def _free_port(wanted: int) -> int | None:
    """*wanted*, or any for 0; None if another program has it."""
    with socket.socket() as tried, suppress(OSError):
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(("127.0.0.1", wanted))
        return int(tried.getsockname()[1])
    return None


def _take_lock() -> int | None:
    """
    Take the place of the supervisor, None if one is at work.

    What a killed supervisor left behind still holds the lock, and is ended first.
    """
    for attempt in range(100):
        if (lock := state.lock()) is not None:
            return lock
        time.sleep(0.1)  # one that has just taken the lock writes its state now
        last = state.read()
        if last is None or is_alive(last.owner):
            return None
        if number := {1: signal.SIGTERM, 60: signal.SIGKILL}.get(attempt):
            with suppress(OSError):
                os.killpg(last.pid, number)
    return None


def main() -> int:
    """
    Be the supervisor, until nobody has used the server for so many seconds; 0 at once if there is one.

    For `inf` seconds, keep the server, in the place of a supervisor that is at work.
    """
    idle = float(sys.argv[1])
    if idle == math.inf:
        control.stop()
        state.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        state.keep_file().touch()
    lock = _take_lock()
    if lock is None:
        return int(idle == math.inf)
    return Supervisor(lock, idle).run()


if __name__ == "__main__":
    sys.exit(main())

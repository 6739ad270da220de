"""What commands do with the server: find it, have it started, keep it, stop it, say how it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from cardcat.errors import CardcatError, UsageError
from cardcat.owner import is_alive
from cardcat.reporting import current
from cardcat.server import asking, logs, state, unit
from cardcat.server.overview import Overview, overview
from cardcat.server.settings import inherited
from cardcat.server.state import State
from cardcat.stopping import stop_requested

_T = TypeVar("_T")

IDLE_SECONDS = 15 * 60.0
"""After so long without a client, a server that nobody keeps stops by itself."""

_WAIT, _WAIT_NEW_HOME = 30.0, 60.0  # seconds; a new home's database is made first
_WAIT_ASKED = 240.0  # for a user who asks for the server itself: as long as it may be coming
_STOP_WAIT = 40.0


@dataclass(frozen=True)
class ServerStatus:
    """The server that backups use, or where cardcat's own would write its log if none runs."""

    running: bool
    api_url: str | None
    ui_url: str | None
    own: bool = True  # cardcat's, not one that the user configured
    kept: bool = False  # stays, with a worker
    hangs: bool = False  # it is there and does not answer
    pid: int | None = None
    log: Path | None = None
    installed: bool = False  # by a systemd unit, see `unit`
    look: Callable[[], Overview] = field(default=Overview, compare=False)  # asks what the server has


def find() -> str | None:
    """The API URL of the server to use, if one answers now: the user's own choice, else cardcat's."""
    if url := asking.configured():
        return url
    running = _running()
    return running.api_url if running else None


def ensure(wait: float | None = None) -> str | None:
    """
    `find`, and start cardcat's own server if there is none.

    None if none answers within *wait* seconds, by default 30, or 60 on a new home, or if the user asks for
    an end meanwhile. Never raises: whoever asks can do without.
    """
    if url := asking.configured():
        return url
    running = _have_own(wait)
    return running.api_url if running else None


def soon(wait: float | None = None) -> Callable[[], str | None]:
    """
    Have our own server started in the background, where `find` found none. Call the result to wait for it.

    What that gives is what `ensure` would. Meanwhile `expect` makes this process a client of it.
    """
    found: list[str] = []

    def start_own() -> None:
        if running := _have_own(wait):
            found.append(running.api_url)

    thread = threading.Thread(target=copy_context().run, args=(start_own,), daemon=True)
    thread.start()

    def wait_for_it() -> str | None:
        thread.join()
        return found[0] if found else None

    return wait_for_it


def start(*, keep: bool = True, wait: float | None = None) -> ServerStatus:
    """
    Start cardcat's own server. Kept, it stays until `stop` and has a worker; so does one that runs already.

    UsageError if the user has configured a server of their own that answers; CardcatError if ours does not
    within *wait* seconds, by default some minutes.
    """
    if url := asking.configured():
        raise UsageError(
            f"Your Prefect settings name the server {url}, which answers: cardcat uses that one.",
            hint="A worker for it: prefect worker start --pool cardcat. "
            "To use cardcat's own, unset PREFECT_API_URL and choose a Prefect profile without it.",
        )
    wait = _WAIT_ASKED if wait is None else wait
    running = _have_own(wait) or (_wait_for(_running, wait) if _ready() else None)  # one that is busy
    if running is not None and keep:
        state.keep_file().touch()
        running = _wait_for(_kept, _WAIT_ASKED)
    if running is None:
        raise CardcatError(
            "The local Prefect server did not start in time.", hint=f"Why not is in {state.log_file()}"
        )
    return _status_of(running)


def stop() -> bool:
    """End cardcat's own server, its worker and what a killed one left. Return whether there was any."""
    with suppress(OSError):
        state.keep_file().unlink()
    if not state.locked():
        return False
    for hard in (False, True):
        _tell_to_end(hard=hard)
        if _wait_for(lambda: not state.locked(), _STOP_WAIT):
            return True
    raise CardcatError("The local Prefect server does not stop.", hint=f"See {state.log_file()}")


def status() -> ServerStatus:
    """How the server is that backups would use. Starts none."""
    if url := asking.configured():
        return ServerStatus(
            running=True,
            api_url=url,
            ui_url=url.removesuffix("/api"),
            own=False,
            look=partial(overview, url),
        )
    running = _running()
    if running is None:
        return ServerStatus(
            running=False,
            api_url=None,
            ui_url=None,
            log=state.log_file(),
            hangs=_ready() is not None,
            installed=unit.is_installed(),
        )
    return _status_of(running)


def _status_of(running: State) -> ServerStatus:
    return ServerStatus(
        running=True,
        api_url=running.api_url,
        ui_url=running.base_url,
        kept=running.kept,
        pid=running.pid,
        log=state.log_file(),
        installed=unit.is_installed(),
        look=partial(overview, running.api_url),
    )


def _running() -> State | None:
    """The own server, if it is ready and answers now."""
    found = _ready()
    return found if found and asking.version(found.api_url) else None


def _ready() -> State | None:
    """The own server, if it is ready by what its supervisor says; it may hang all the same."""
    found = state.read()
    return found if found and found.ready and is_alive(found.owner) else None


def _kept() -> State | None:
    running = _running()
    return running if running and running.kept else None


def _have_own(wait: float | None) -> State | None:
    """The own server, started if need be; None if it can't be, or not in time."""
    with suppress(OSError, CardcatError):
        _retire_outdated()
        if running := _running():
            return running
        return None if _ready() else _start_own(wait)  # one that hangs is seen to by its supervisor
    return None


def _retire_outdated() -> None:
    """End a server of another Prefect than this program's, unless somebody is using it."""
    found = state.read()
    if not found or found.version == state.version() or not is_alive(found.owner):
        return
    if not asking.connections(found.port):
        stop()


def _start_own(wait: float | None) -> State | None:
    is_new = not (state.home() / "prefect.db").exists()
    if is_new:
        current().note("The local Prefect server is set up, once; that takes up to a minute.")
    if wait is None:
        wait = _WAIT_NEW_HOME if is_new else _WAIT
    return _wait_for_start(time.monotonic() + wait)


def _wait_for_start(end: float) -> State | None:
    starter = _spawn()
    while time.monotonic() < end and not stop_requested():
        if running := _running():
            return running
        if starter.poll():
            return None
        if starter.poll() == 0 and not state.locked():  # it left that to another one, which was just ending
            starter = _spawn()
        time.sleep(0.1)
    return None


def _spawn() -> subprocess.Popen[bytes]:
    """Start a supervisor that outlives this process; it ends at once if there is one."""
    state.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    logs.trim()
    with state.log_file().open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", "cardcat.server.supervisor", str(IDLE_SECONDS)],
            cwd=state.folder(),  # never the user's: it may be on the card, which could not be ejected
            env=inherited(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # Collected when it ends: as a zombie of a long backup it would still look alive.
    threading.Thread(target=supervisor.wait, daemon=True).start()
    return supervisor


def _tell_to_end(*, hard: bool) -> None:
    found = state.read()
    if found is None:
        return
    with suppress(OSError):
        if hard or not is_alive(found.owner):
            os.killpg(found.pid, signal.SIGKILL if hard else signal.SIGTERM)
        else:
            os.kill(found.pid, signal.SIGTERM)


def _wait_for(ask: Callable[[], _T], seconds: float) -> _T | None:
    """The first answer that is true, None if there is none in time."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > end:
            return None
        time.sleep(0.1)
    return answer

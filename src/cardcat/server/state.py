"""What cardcat's own server leaves on disk, so that any command finds it: a folder, a lock and a state file.

The lock is held by the supervisor and by what it started: as long as it is held, something of ours
lives, whatever the state file says.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from platformdirs import user_data_path


@dataclass(frozen=True)
class State:
    """What a supervisor says of itself and its server."""

    owner: str  # stamp of the supervisor, see cardcat.owner
    pid: int  # of the supervisor; also the process group of everything that it started
    port: int
    version: str  # of Prefect
    ready: bool = False  # the server answered and has cardcat's deployments
    kept: bool = False  # it stays and has a worker

    @property
    def base_url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """What clients are given as PREFECT_API_URL."""
        return f"{self.base_url}/api"


def version() -> str:
    """The version of Prefect that this program would start; nothing if Prefect is not installed."""
    try:
        return metadata.version("prefect")
    except metadata.PackageNotFoundError:
        return ""


def folder() -> Path:
    """Everything of the server. It may be deleted while none runs: only the page's history goes."""
    return user_data_path("cardcat", appauthor=False) / "server"


def home() -> Path:
    """The server's PREFECT_HOME, apart from the user's other work with Prefect."""
    return folder() / "home"


def log_file() -> Path:
    """What the supervisor, the server and the worker say."""
    return folder() / "server.log"


def keep_file() -> Path:
    """There from `server start` to `server stop`: the server is kept, also one after a kill or a reboot."""
    return folder() / "keep"


def read() -> State | None:
    """What the last supervisor wrote; it may be gone. None if there is nothing that can be read."""
    try:
        return State(**json.loads(_state_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(state: State) -> None:
    """Replace the state in one step. Only the supervisor that holds the lock does this."""
    fresh = _state_file().with_suffix(".new")
    fresh.write_text(json.dumps(asdict(state)), encoding="utf-8")
    fresh.replace(_state_file())


def lock() -> int | None:
    """Take the lock and return its open file, None if it is taken. OSError if it can't be made."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder() / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def locked() -> bool:
    """Whether a supervisor, or something that one left behind, lives."""
    with suppress(OSError):
        handle = os.open(folder() / "lock", os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
    return False


def _state_file() -> Path:
    return folder() / "state.json"

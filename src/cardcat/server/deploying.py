"""cardcat's deployments on its own server: made when it starts, and again only when something changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from cardcat.server import asking, state
from cardcat.server.settings import TIMEZONE
from cardcat.shipped import ROOT
from cardcat.zones import computer_timezone

POOL = "cardcat"
"""The process work pool that prefect.yaml names and the worker serves."""

Prefect = Callable[..., int]
"""Runs a command of Prefect's in the project's folder and returns its exit code."""


def is_deployed() -> bool:
    """Whether the server's database has the deployments of these flows, in this folder, by this Prefect."""
    try:
        return _stamp_file().read_text(encoding="utf-8") == _stamp()
    except OSError:
        return False


def deploy(api_url: str, prefect: Prefect) -> None:
    """Make the pool and the deployments of prefect.yaml on the server at *api_url*. OSError if that fails."""
    asking.create_pool(api_url, POOL)
    if code := prefect("deploy", "--all"):
        message = f"prefect deploy --all in {ROOT} ended with {code}"
        raise OSError(message)
    _stamp_file().write_text(_stamp(), encoding="utf-8")


def _stamp() -> str:
    zone = os.environ.get(TIMEZONE) or computer_timezone()
    stamp = hashlib.sha256(f"{ROOT} {state.version()} {zone}".encode(errors="surrogateescape"))
    programs = (path for folder in ("flows", "tasks") for path in sorted((ROOT / folder).glob("*.py")))
    for path in (ROOT / "prefect.yaml", *programs):
        stamp.update(path.name.encode() + path.read_bytes())
    return stamp.hexdigest()


def _stamp_file() -> Path:
    return state.home() / "deployed-by-cardcat"

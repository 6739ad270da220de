"""Asking Prefect servers, and which one the user has chosen. Without Prefect, whose import takes a second."""

from __future__ import annotations

import base64
import json
import os
import tomllib
import urllib.request
from http.client import NO_CONTENT, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 5.0  # seconds that a server may take to answer; one that is busy recording runs takes its time
_LONGEST = 1_000_000  # bytes of an answer that are looked at; it may come from a stranger

# Loopback is never asked through a proxy of the user's.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_proxied = urllib.request.build_opener()


def version(api_url: str) -> str | None:
    """The Prefect version of the server at *api_url* of this computer, None if none answers there."""
    answer = _ask(_direct, f"{api_url}/admin/version")
    return answer if isinstance(answer, str) else None


def ask(api_url: str, path: str, body: object = None, *, method: str | None = None) -> object:
    """
    What the server at *api_url* says to a call of its API: a document, True for one that went well without.

    None if it says nothing within `PATIENCE`, refuses, or makes no sense. Never raises.
    """
    url = f"{api_url}{path}"
    if urlsplit(api_url).hostname == "127.0.0.1":
        return _ask(_direct, url, body, method=method)
    return _ask(_proxied, url, body, method=method, credentials=_credentials(_settings()))


def create_pool(api_url: str, name: str) -> None:
    """
    See to a process work pool *name*; one that is there stays as it is. OSError if there is none after it.

    Not by Prefect's command line, which has the server fetch a list of pool types from the internet; the
    worker fills in the pool's settings when it starts.
    """
    if isinstance(_ask(_direct, f"{api_url}/work_pools/{name}"), dict):
        return
    _ask(_direct, f"{api_url}/work_pools/", {"name": name, "type": "process"})
    if not isinstance(_ask(_direct, f"{api_url}/work_pools/{name}"), dict):
        message = f"the server at {api_url} did not make the work pool {name}"
        raise OSError(message)


def configured() -> str | None:
    """The API that the user chose, by PREFECT_API_URL or the active Prefect profile, if it answers now."""
    settings = _settings()
    url = settings.get("PREFECT_API_URL", "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        return None
    return url if _ask(_proxied, f"{url}/health", credentials=_credentials(settings)) is True else None


def connections(port: int) -> int:
    """
    How many clients *port* of this computer has, or had within the last minute.

    Closed connections linger that long in the system's table, so that looking twice a minute misses nobody.
    """
    try:
        rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return 0
    here = f":{port:04X}"
    return sum(
        state != "0A" and (local.endswith(here) or remote.endswith(here))  # 0A: the listening socket itself
        for local, remote, state in (row.split()[1:4] for row in rows)
    )


def is_listening(pid: int, port: int) -> bool:
    """Whether the process *pid* has *port*, and not somebody who was faster; True if nobody can tell."""
    try:
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        files = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return True
    wanted = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    return any(_target(file) in wanted for file in files)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed meanwhile
        return ""


def _ask(
    opener: urllib.request.OpenerDirector,
    url: str,
    body: object = None,
    *,
    method: str | None = None,
    credentials: str | None = None,
) -> object:
    """What the server says, None if it says nothing or nothing that makes sense."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - http(s) only
        if credentials:
            request.add_unredirected_header("Authorization", credentials)
        with opener.open(request, timeout=PATIENCE) as answer:
            said = answer.read(_LONGEST)
            return json.loads(said) if said or answer.status != NO_CONTENT else True
    except (OSError, HTTPException, ValueError):
        return None


def _credentials(settings: dict[str, str]) -> str | None:
    if key := settings.get("PREFECT_API_KEY"):
        return f"Bearer {key}"
    if secret := settings.get("PREFECT_API_AUTH_STRING"):
        return "Basic " + base64.b64encode(secret.encode()).decode()
    return None


def _settings() -> dict[str, str]:
    """Prefect's settings of the user: those of the environment, else of the active profile."""
    return _profile() | {key: text for key, text in os.environ.items() if key.startswith("PREFECT_")}


def _profile() -> dict[str, str]:
    """The settings of the user's active Prefect profile."""
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect")
    path = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    try:
        profiles = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
        settings = profiles["profiles"][os.environ.get("PREFECT_PROFILE") or profiles["active"]]
        return {str(key): str(setting) for key, setting in settings.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return {}

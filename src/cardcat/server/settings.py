"""The environment of cardcat's server and of its clients; set before Prefect is imported."""

from __future__ import annotations

import os

from cardcat.server import state
from cardcat.zones import computer_timezone

USUAL_PORT = 4200

TIMEZONE = "CARDCAT_TIMEZONE"
"""Names the zone of the hours in prefect.yaml; the computer's, unless the user has named another."""

# What holds for a run on any server, also on one of the user's.
_RUN = {
    "DO_NOT_TRACK": "1",  # the client's own telemetry; no setting of Prefect's
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # a server per run is slow and loses task runs
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # A server that hangs must not hold up the work: by default each call may take seven minutes.
    "PREFECT_API_REQUEST_TIMEOUT": "10",
    "PREFECT_CLIENT_MAX_RETRIES": "2",
}

_SERVER = {
    "PREFECT_SERVER_API_HOST": "127.0.0.1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",  # the second page asks a tracker for its settings
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # One transaction for many events instead of one each: a third of the work.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",  # or its database grows for ever
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "2592000",  # 30 days; the catalog keeps the rest
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",  # a question less for each client: it has no such tokens
    "PREFECT_WORKER_QUERY_SECONDS": "2",  # how long a click on the page waits for the worker
}

# What the user set for servers of their own would make ours a different one.
_FOREIGN = ("PREFECT_API_", "PREFECT_CLOUD_", "PREFECT_PROFILE", "PREFECT_SERVER_", "PREFECT_UI_")


def settings(port: int) -> dict[str, str]:
    """What cardcat's own server on *port*, and every client of it, has in its environment."""
    base_url = f"http://127.0.0.1:{port}"
    return {
        **_RUN,
        **_SERVER,
        "PREFECT_HOME": str(state.home()),
        "PREFECT_API_URL": f"{base_url}/api",
        "PREFECT_SERVER_API_PORT": str(port),  # by the environment, so that the page knows it too
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": base_url,  # no other page may start runs here
    }


def inherited() -> dict[str, str]:
    """What a process in another folder, that has to do with no other server, gets of our environment."""
    own = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    if path := own.get("PYTHONPATH"):  # it may be relative
        own["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, path.split(os.pathsep)))
    return own


def environment(port: int) -> dict[str, str]:
    """The whole environment of a process that cardcat's own server on *port* is made of."""
    own = inherited()
    return {TIMEZONE: computer_timezone()} | own | settings(port) | _past_proxies(own)


def expect() -> None:
    """
    Make this process a client of our own server that is being started, as far as that is known now.

    So Prefect can be imported meanwhile. Call `use` when it is there.
    """
    last = state.read()
    use_own(last.port if last else USUAL_PORT)


def use(api_url: str) -> None:
    """Make this process a client of the server at *api_url*, as `find` or `ensure` gave it."""
    found = state.read()
    if found is None or found.api_url != api_url:
        os.environ.update(_RUN, PREFECT_API_URL=api_url)
        return
    use_own(found.port)


def use_own(port: int) -> None:
    """Make this process a client of our own server on *port*."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    os.environ.update(settings(port) | _past_proxies(dict(os.environ)))


def _past_proxies(own: dict[str, str]) -> dict[str, str]:
    """Loopback without the user's proxy, which Prefect's client would ask otherwise."""
    if not any(name.lower() in ("http_proxy", "all_proxy") for name in own):
        return {}
    others = own.get("no_proxy") or own.get("NO_PROXY")
    passed = f"{others},127.0.0.1" if others else "127.0.0.1"
    return {"no_proxy": passed, "NO_PROXY": passed}

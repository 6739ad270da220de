"""`cardcat server`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardcat.cli import output
from cardcat.cli.options import AsJson, examples, group

if TYPE_CHECKING:
    from cardcat.server import ServerStatus

app = group("The local Prefect server with the page that shows runs.")


@app.command(epilog=examples("cardcat server start"))
def start(*, as_json: AsJson = False) -> int:
    """
    Start the server and keep it.

    With a worker, for schedules and the buttons of the page.
    """
    from cardcat import server

    return _say(server.start(), as_json=as_json)


@app.command(epilog=examples("cardcat server stop"))
def stop(*, as_json: AsJson = False) -> int:
    """Stop the server and its worker. Backups go on without it."""
    from cardcat import server

    server.stop()
    return _say(server.status(), as_json=as_json)


@app.command(epilog=examples("cardcat server status --json"))
def status(*, as_json: AsJson = False) -> int:
    """Say whether the server runs, and where its page is."""
    from cardcat import server

    return _say(server.status(), as_json=as_json)


def _say(found: ServerStatus, *, as_json: bool) -> int:
    if as_json:
        output.emit({"api_url": found.api_url, "ui_url": found.ui_url, "running": found.running})
    elif found.running:
        output.say(f"The server is running. Its page: {found.ui_url}")
    else:
        output.say("The server is not running. A backup starts it if need be, or: cardcat server start")
    return 0

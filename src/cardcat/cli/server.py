"""`cardcat server`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cardcat.cli import output
from cardcat.cli.options import AsJson, examples, group
from cardcat.cli.output import Json

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
    """Say how the server is, and where its page and log are."""
    from cardcat import server

    return _say(server.status(), as_json=as_json)


def _say(found: ServerStatus, *, as_json: bool) -> int:
    if as_json:
        output.emit(_document(found))
        return 0
    for sentence in _sentences(found):
        output.say(sentence)
    return 0


def _document(found: ServerStatus) -> dict[str, Json]:
    return {
        "api_url": found.api_url,
        "ui_url": found.ui_url,
        "running": found.running,
        "own": found.own,
        "kept": found.kept,
        "pid": found.pid,
        **output.path_fields(None if found.log is None else str(found.log), "log"),
    }


def _sentences(found: ServerStatus) -> Iterator[str]:
    if not found.running:
        yield "The server is not running. A backup starts it if need be, or: cardcat server start"
    elif not found.own:
        yield f"The server that your Prefect settings name is running. Its page: {found.ui_url}"
        yield "For the page's buttons it needs a worker: prefect worker start --pool cardcat"
    else:
        yield f"The server is running. Its page: {found.ui_url}"
        yield (
            "It is kept, with a worker for schedules and the page's buttons. To end it: cardcat server stop"
            if found.kept
            else "It has no worker for the page's buttons, and ends when nobody uses it. "
            "To keep it, with a worker: cardcat server start"
        )
    if found.log is not None and found.log.exists():
        yield f"Its log: {found.log}"

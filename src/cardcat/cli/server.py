"""`cardcat server`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cardcat.cli import output
from cardcat.cli.options import AsJson, DryRun, examples, group
from cardcat.cli.output import Json
from cardcat.paths import display

if TYPE_CHECKING:
    from cardcat.server import ServerStatus
    from cardcat.server.unit import Installed

app = group("The local Prefect server with the page that shows runs.")

_LINGER = "It starts when you log in. To have it start with the computer: loginctl enable-linger"


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

    if server.stop() and not as_json:
        output.say("The server is stopped, and its worker. Its history stays.")
        return 0
    return _say(server.status(), as_json=as_json)


@app.command(epilog=examples("cardcat server status --json"))
def status(*, as_json: AsJson = False) -> int:
    """Say how the server is, and where its page and log are."""
    from cardcat import server

    return _say(server.status(), as_json=as_json)


@app.command(epilog=examples("cardcat server install", "cardcat server install --dry-run"))
def install(*, dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """
    Keep the server over logins and reboots.

    Writes a systemd unit of your user, and has systemd start it. Exit code 1: the unit is written, and
    systemd did not take it; the commands to type are told.
    """
    from cardcat.server import unit

    if dry_run:
        return _preview(unit.path(), unit.text(), as_json=as_json)
    done = unit.install()
    if not as_json:
        output.say(f"The unit is written: {display(str(done.path))}")
        output.say("systemd could not be told. Where it runs, type:" if done.left else _LINGER)
    return _tell(done, as_json=as_json)


@app.command(epilog=examples("cardcat server uninstall"))
def uninstall(*, dry_run: DryRun = False, as_json: AsJson = False) -> int:
    """End the server that `install` keeps, and remove its unit. Its history stays."""
    from cardcat import server
    from cardcat.server import unit

    if dry_run:
        return _preview(unit.path() if unit.is_installed() else None, None, as_json=as_json)
    done = unit.uninstall()
    if done is None:
        return _preview(None, None, as_json=as_json)
    server.stop()  # where no systemd did
    if not as_json:
        output.say(f"The unit is removed: {display(str(done.path))}")
        if done.left:
            output.say("systemd could not be told. Where it runs, type:")
    return _tell(done, as_json=as_json)


def _tell(done: Installed, *, as_json: bool) -> int:
    """The commands that are left to the user, or the document."""
    if as_json:
        output.emit({**output.path_fields(str(done.path), "unit"), "left_to_do": list(done.left)})
    else:
        for command in done.left:
            output.say(f"  {command}")
    return 1 if done.left else 0


def _preview(path: object, text: str | None, *, as_json: bool) -> int:
    """What would be written where, or what would be removed; with no path, that there is nothing."""
    if as_json:
        output.emit({**output.path_fields(None if path is None else str(path), "unit"), "text": text})
    elif path is None:
        output.say("There is no unit of cardcat's. To make one: cardcat server install")
    elif text is None:
        output.say(f"Would be removed: {display(str(path))}")
    else:
        output.say(f"# Would be written to {display(str(path))}")
        for line in text.splitlines():
            output.say(line)
    return 0


def _say(found: ServerStatus, *, as_json: bool) -> int:
    if as_json:
        output.emit(_document(found))
        return 0
    for sentence in _sentences(found):
        output.say(sentence)
    return 0


def _document(found: ServerStatus) -> dict[str, Json]:
    seen = found.look()
    return {
        "api_url": found.api_url,
        "ui_url": found.ui_url,
        "running": found.running,
        "own": found.own,
        "kept": found.kept,
        "installed": found.installed,
        "pid": found.pid,
        "workers": seen.workers,
        "deployments": None if seen.deployments is None else list(seen.deployments),
        "next_runs": [{"deployment": each.deployment, "at": each.at} for each in seen.upcoming or ()],
        **output.path_fields(None if found.log is None else str(found.log), "log"),
    }


def _sentences(found: ServerStatus) -> Iterator[str]:
    if found.hangs:
        yield "The server does not answer. Backups go on without it. To end it: cardcat server stop"
    elif not found.running:
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
    yield from _seen(found)
    if found.log is not None and found.log.exists():
        yield f"Its log: {display(str(found.log))}"


def _seen(found: ServerStatus) -> Iterator[str]:
    """What the server has, as far as it said."""
    seen = found.look()
    if found.kept and seen.workers == 0:
        yield "Its worker is starting, or has ended and is started again soon."
    if seen.deployments is not None:
        yield f"Deployments: {', '.join(seen.deployments) or 'none; why not is in the log'}"
    for each in seen.upcoming or ():
        yield f"Next {each.deployment}: {_local(each.at)}"


def _local(moment: str) -> str:
    """A moment by the computer's clock, to the minute."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return moment

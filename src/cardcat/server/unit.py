"""A systemd unit of the user that keeps cardcat's own server, also over reboots."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path

from cardcat.errors import UsageError
from cardcat.paths import display
from cardcat.server import state
from cardcat.text import cause

NAME = "cardcat-server.service"

_OURS = "# Written by `cardcat server install`; `cardcat server uninstall` takes it away."
_LONGEST = 60.0  # seconds that systemctl may take; ending the server takes most of it
_UNIT = """\
{ours}
[Unit]
Description=cardcat's Prefect server, with the page of its runs and a worker

[Service]
Type=exec
ExecStart={command}
WorkingDirectory={folder}
StandardOutput=append:{log}
StandardError=append:{log}
{environment}Restart=on-failure
RestartSec=30
# The supervisor tells the worker's runs to end after the files in hand, then ends the rest itself.
KillMode=mixed
TimeoutStopSec=60

[Install]
WantedBy=default.target
"""
_KEPT = ("PATH", "XDG_DATA_HOME", "CARDCAT_CATALOG", "CARDCAT_TIMEZONE", "PYTHONPATH", "TZ")


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done, and the commands that are left to the user because systemd did not take them."""

    path: Path
    text: str
    left: tuple[str, ...] = ()


def path() -> Path:
    """Where systemd looks for units of this user."""
    return user_config_path("systemd", appauthor=False) / "user" / NAME


def text() -> str:
    """The unit: this very Python and program, by their full names, whatever the working folder and PATH."""
    command = [sys.executable, "-P", "-m", "cardcat.server.supervisor", "inf"]
    kept = {name: os.environ[name] for name in _KEPT if os.environ.get(name)}
    if "PYTHONPATH" in kept:
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, kept["PYTHONPATH"].split(os.pathsep)))
    return _UNIT.format(
        ours=_OURS,
        command=" ".join(_quoted(word).replace("$", "$$") for word in command),
        folder=_escaped(str(state.folder())),
        log=_escaped(str(state.log_file())),
        environment="".join(f"Environment={_quoted(f'{name}={given}')}\n" for name, given in kept.items()),
    )


def install() -> Installed:
    """
    Write the unit, and have systemd start it now and at every login.

    UsageError, and nothing is changed, if a unit of this name is there that is not ours, or it can't be
    written. The server that runs already is left to the unit: it is ended first.
    """
    wanted = text()
    where = path()
    _refuse_foreign(where)
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        state.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = where.with_name(f".{NAME}.new")
        fresh.write_text(wanted, encoding="utf-8", errors="surrogateescape")
        fresh.replace(where)
    except OSError as error:
        raise UsageError(
            f"The unit can't be written to {display(str(where))}: {cause(error)}.",
            hint="See whose the folder is, or print the unit: cardcat server install --dry-run",
        ) from error
    commands = (("daemon-reload",), ("enable", NAME), ("restart", NAME))
    return Installed(where, wanted, _carry_out(*commands))


def uninstall() -> Installed | None:
    """
    Have systemd end the server and forget the unit, and remove it. None if there is none of ours.

    UsageError if the unit can't be removed.
    """
    where = path()
    if not os.path.lexists(where):
        return None
    _refuse_foreign(where)
    state.keep_file().unlink(missing_ok=True)
    left = _carry_out(("disable", "--now", NAME))
    try:
        where.unlink()
    except OSError as error:
        raise UsageError(
            f"The unit {display(str(where))} can't be removed: {cause(error)}.",
            hint="See whose the folder is, and remove the file.",
        ) from error
    _carry_out(("daemon-reload",))
    return Installed(where, "", left)


def is_installed() -> bool:
    """Whether the unit is there and ours."""
    with suppress(OSError):
        return _is_ours(path())
    return False


def _refuse_foreign(where: Path) -> None:
    if os.path.lexists(where) and not _is_ours(where):
        raise UsageError(
            f"There is a {display(str(where))} that cardcat has not written, and it is left as it is.",
            hint="Move it away, or print what cardcat would write: cardcat server install --dry-run",
        )


def _is_ours(where: Path) -> bool:
    """Whether it begins as ours does; a link is somebody's own arrangement."""
    if where.is_symlink() or not where.is_file():
        return False
    return where.read_text(encoding="utf-8", errors="replace").startswith(_OURS)


def _carry_out(*commands: tuple[str, ...]) -> tuple[str, ...]:
    """Tell systemd; return what it did not take, and all that comes after it."""
    for done, command in enumerate(commands):
        if not _systemctl(*command):
            return tuple(" ".join(("systemctl --user", *each)) for each in commands[done:])
    return ()


def _systemctl(*arguments: str) -> bool:
    """Whether the user's systemd did that; there may be none, as in a container or over ssh."""
    if shutil.which("systemctl") is None:
        return False
    with suppress(OSError, subprocess.TimeoutExpired):
        command = ["systemctl", "--user", "--no-ask-password", *arguments]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST, check=False
        )
        return done.returncode == 0
    return False


def _quoted(word: str) -> str:
    """*word* as one word of a unit, whatever stands in it."""
    escaped = _escaped(word).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _escaped(word: str) -> str:
    """*word* without a meaning of its own for systemd's specifiers."""
    return word.replace("%", "%%")

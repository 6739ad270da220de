"""A notebook as a page in the browser, on this computer only, until the user has seen enough."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from cardcat.errors import CardcatError, UsageError
from cardcat.notebooks.finding import Notebook
from cardcat.notebooks.marimo import apart, command, environment, failed

HOST = "127.0.0.1"
_USUAL_PORT = 2718
_TRIED = 10  # ports from the usual one on
_START = 120.0  # seconds until a page that does not answer is given up
_PATIENCE = 5.0  # seconds that marimo may take to end
_LOOK = 0.1  # seconds between two looks


def port_for(wanted: int | None) -> int:
    """*wanted*, else a free port. UsageError if another program has the one that is wanted."""
    if wanted is not None:
        if not _is_free(wanted):
            raise UsageError(
                f"Port {wanted} is taken by another program.",
                hint="Give another one with --port, or leave it out and a free one is found.",
            )
        return wanted
    usual = range(_USUAL_PORT, _USUAL_PORT + _TRIED)
    return next(filter(_is_free, usual), None) or _any_port()


def serve(
    notebook: Notebook,
    *,
    opened: Callable[[str], None],
    catalog: str | None = None,
    port: int | None = None,
    edit: bool = False,
) -> None:
    """
    Serve *notebook* until Ctrl-C or SIGTERM; *opened* is called with its address as soon as it answers.

    Only who has the address can see it: there is a secret in it. With *edit* the file itself is opened to be
    changed, else a copy of it is run. UsageError if the port is taken, CardcatError if marimo ends by itself.
    """
    chosen, secret = port_for(port), secrets.token_urlsafe(16)
    with ExitStack() as stack:
        place = notebook.path if edit else stack.enter_context(apart(notebook))
        stop = stack.enter_context(_asked_to_stop())
        told = stack.enter_context(tempfile.TemporaryFile())
        child = _start(place, chosen, catalog, told.fileno(), edit=edit)
        stack.callback(_end, child)
        _tell(child, secret)
        if _answers(child, chosen, stop):
            opened(f"http://{HOST}:{chosen}/?access_token={secret}")
        while child.poll() is None and not stop.wait(_LOOK):
            pass
        if not stop.is_set():
            told.seek(0)
            raise failed(told.read())


def _start(
    place: Path, port: int, catalog: str | None, output: int, *, edit: bool
) -> subprocess.Popen[bytes]:
    verb = ["edit", "--skip-update-check"] if edit else ["run"]
    words = command(
        *verb, str(place), "--headless", "--no-sandbox", "--host", HOST, "--port", str(port), "--token",
        "--token-password-file", "-",
    )  # fmt: skip
    variables = {**environment(catalog), "MARIMO_ANCESTOR_PID": str(os.getpid())}  # it ends when we are gone
    return subprocess.Popen(
        words, cwd=place.parent, env=variables, stdin=subprocess.PIPE, stdout=output, stderr=output,
        start_new_session=True,
    )  # fmt: skip


def _tell(child: subprocess.Popen[bytes], secret: str) -> None:
    """Give marimo the secret where no other user sees it, as they see command lines."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        child.stdin.write(secret.encode())
    with suppress(BrokenPipeError):
        child.stdin.close()


def _answers(child: subprocess.Popen[bytes], port: int, stop: threading.Event) -> bool:
    """Wait until the page answers; False if the child ended or the user does not want it any more."""
    for _ in range(int(_START / _LOOK)):
        if child.poll() is not None or stop.is_set():
            return False
        with suppress(OSError, urllib.error.URLError):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            opener.open(f"http://{HOST}:{port}/health", timeout=1).close()
            return True
        stop.wait(_LOOK)
    raise CardcatError("The page did not answer in time.", hint="Try again when the computer is less busy.")


def _end(child: subprocess.Popen[bytes]) -> None:
    """End marimo and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set; after it they do what they did before."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    taken = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in taken}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_free(port: int) -> bool:
    with socket.socket() as tried, suppress(OSError, OverflowError):
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind((HOST, port))
        return True
    return False


def _any_port() -> int:
    with socket.socket() as tried:
        tried.bind((HOST, 0))
        return int(tried.getsockname()[1])

"""How a search tells of itself in a terminal, and how it is stopped."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cardcat import text

if TYPE_CHECKING:
    from cardcat.searching.search import Progress

_EVERY = 0.2  # seconds
_CLEAR = "\r\x1b[K"


@contextmanager
def stopping_at_once() -> Iterator[None]:
    """SIGTERM ends what is inside as Ctrl-C does: at once, for there is nothing to finish."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


@contextmanager
def shown_progress() -> Iterator[Callable[[Progress], None]]:
    """A function that keeps one line of a terminal up to date; where there is none it says nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    shown = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal shown
        if time.monotonic() - shown >= _EVERY:
            shown = time.monotonic()
            sys.stderr.write(_CLEAR + _line(progress))
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()


def _line(progress: Progress) -> str:
    files = text.count(progress.files)
    if not progress.of:
        return f"{progress.doing}: {files} files"
    return f"{progress.doing}: {files} of {text.count(progress.of)} files, {text.size(progress.size)}"

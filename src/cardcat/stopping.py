"""Whether the user wants the run to end: Ctrl-C, SIGTERM and a closed terminal set one flag.

The first signal asks, and the run ends after the batch in hand. A second Ctrl-C is a KeyboardInterrupt.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ASKED = "\nStopping after the files in hand; what is done is kept. Press Ctrl-C again to stop at once.\n"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_requested = threading.Event()


def stop_requested() -> bool:
    """Whether somebody asked the run to end. Cheap: ask it between any two files."""
    return _requested.is_set()


def request_stop() -> None:
    """Ask the run to end after the batch in hand."""
    _requested.set()


def install() -> None:
    """
    Take over SIGINT, SIGTERM and, unless `nohup` had it ignored, SIGHUP.

    May be called again where somebody else has taken them since. Only the main thread can: elsewhere
    nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _taken():
        signal.signal(number, _on_signal)


@contextmanager
def listening() -> Iterator[None]:
    """Signals ask for an end inside of this; after it they do what they did before, and nothing is asked."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in _taken()} if main else {}
    _requested.clear()
    install()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        _requested.clear()


def _taken() -> list[signal.Signals]:
    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return [*_SIGNALS] if ignored else [*_SIGNALS, signal.SIGHUP]


def _on_signal(number: int, _frame: FrameType | None) -> None:
    if stop_requested() and number != signal.SIGHUP:  # a closing terminal may send several
        raise KeyboardInterrupt
    request_stop()
    if number == signal.SIGINT:
        with suppress(OSError):  # written past Python's buffers, which the interrupted code may be inside of
            os.write(2, _ASKED.encode())

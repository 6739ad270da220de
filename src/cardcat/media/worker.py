"""
The process in which files are parsed. It shares nothing with the program but two pipes.

It ends when its requests end, when the program dies, when one file takes too long or too much memory.
`cardcat.media.process` is the other end of the pipes.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from cardcat.media.protocol import OUT_OF_MEMORY, READY, Limits, pack_answer, unpack_requests
from cardcat.media.reader import read_metadata
from cardcat.model import Kind

_PR_SET_PDEATHSIG = 1
_MAPPED = 1 << 30  # bytes of address space for what is mapped and costs no memory; all that counts on a Mac


def main() -> None:
    """Serve with `read_metadata`. The last two arguments are the limits: seconds a file, bytes of memory."""
    serve(read_metadata, limits_given())


def limits_given() -> Limits:
    """What this process was told by its command."""
    return Limits(float(sys.argv[-2]), int(sys.argv[-1]))


def serve(
    read: Callable[[Path, Kind], object], limits: Limits, pack: Callable[[Any], bytes] = pack_answer
) -> None:
    """
    Answer the requests on standard input with what *read* says, a line each as *pack* writes it.

    A file that takes too long ends the process by SIGALRM, one that needs too much memory by OUT_OF_MEMORY.
    """
    requests, answers = _take_pipes()
    _confine(limits.memory)
    _tell(answers, READY + b"\n")
    for line in requests:
        for path, kind in unpack_requests(line):
            signal.setitimer(signal.ITIMER_REAL, limits.seconds)
            try:
                found = read(path, kind)
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            signal.setitimer(signal.ITIMER_REAL, 0)
            _tell(answers, pack(found))


def _tell(answers: BinaryIO, line: bytes) -> None:
    answers.write(line)
    answers.flush()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Both pipes under other numbers, and nothing behind 0 and 1, where a library might read or print."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def _confine(memory: int) -> None:
    """No Ctrl-C, no core dumps, bounded memory, an alarm that ends C code too, no life after the program."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_AS, (memory + _MAPPED, memory + _MAPPED))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Elsewhere the end of the requests ends it, or the alarm if a file keeps it busy.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))

"""A worker whose reader does what the name of its file says. Run as a program, by test_pool."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from cardcat.media.protocol import Limits
from cardcat.media.worker import serve
from cardcat.metadata import Metadata
from cardcat.model import Kind


def read(path: Path, kind: Kind) -> Metadata:
    """Crash, hang, eat or answer."""
    match path.stem:
        case "segfault":
            ctypes.string_at(0)
        case "hang":
            while True:
                pass
        case "deaf":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            time.sleep(3600)
        case "greedy":
            bytearray(1 << 30)
        case "broken":
            raise RuntimeError("an error that the reader does not expect")
        case "loud":
            os.write(1, b"something\n")
            print("something")  # noqa: T201
        case "quit":
            os._exit(0)
        case "pid":
            told = os.getpid(), os.getsid(0), Path("/proc/self/fd/0").readlink(), Path.cwd()
            return Metadata(software=" ".join(map(str, told)))
    return Metadata(camera_model=path.stem, camera_make=kind)


serve(read, Limits(float(sys.argv[-2]), int(sys.argv[-1])))

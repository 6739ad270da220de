"""What the program and its worker processes say to each other, in lines of ASCII."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from cardcat.model import Kind, Metadata

Request = tuple[Path, Kind]

READY = b"ready"
"""A worker's first line."""

OUT_OF_MEMORY = 71
"""The exit code of a worker that needs more memory than it may have."""

_DEFAULTS = {one.name: one.default for one in fields(Metadata)}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: seconds, and bytes of the worker's address space."""

    seconds: float = 5.0
    memory: int = 1 << 30


def pack_requests(requests: Sequence[Request]) -> bytes:
    """One line for all of *requests*. Names travel as bytes: the worker's locale may be another."""
    return _line([(os.fsencode(path).decode("latin-1"), kind) for path, kind in requests])


def unpack_requests(line: bytes) -> list[Request]:
    """What `pack_requests` was given."""
    return [(Path(os.fsdecode(path.encode("latin-1"))), Kind(kind)) for path, kind in json.loads(line)]


def pack_answer(found: Metadata) -> bytes:
    """One line that holds what is known."""
    values = ((name, getattr(found, name), default) for name, default in _DEFAULTS.items())
    return _line({name: value for name, value, default in values if value != default})


def unpack_answer(line: bytes) -> Metadata:
    """What `pack_answer` was given; ValueError if the line is none of its."""
    try:
        return Metadata(**json.loads(line))
    except TypeError as error:
        raise ValueError("no answer of a worker") from error


def _line(value: object) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"

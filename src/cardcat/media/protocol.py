"""What the program and its worker processes say to each other, in lines of ASCII."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cardcat.metadata import DateSource, Details, Metadata
from cardcat.model import Kind

Request = tuple[Path, Kind]

READY = b"ready"
"""A worker's first line."""

LARGEST_PICTURE = 1 << 16
"""Bytes of a small picture."""

_LARGEST_NUMBER = 1 << 53  # what any database and any JSON reader keeps exactly

OUT_OF_MEMORY = 71
"""The exit code of a worker that needs more memory than it may have."""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What one file may cost: seconds, and bytes of memory that a worker takes for itself.

    Parsing takes a tenth of it. What a worker maps of libraries is about 60 MiB more.
    """

    seconds: float = 5.0
    memory: int = 192 << 20


def pack_requests(requests: Sequence[Request]) -> bytes:
    """One line for all of *requests*. Names travel as bytes: the worker's locale may be another."""
    return _line([(os.fsencode(path).decode("latin-1"), kind) for path, kind in requests])


def unpack_requests(line: bytes) -> list[Request]:
    """What `pack_requests` was given."""
    return [(Path(os.fsdecode(path.encode("latin-1"))), Kind(kind)) for path, kind in json.loads(line)]


def pack_answer(found: Metadata) -> bytes:
    """One line that holds what is known."""
    return _line(_told(found))


def unpack_answer(line: bytes) -> Metadata:
    """
    What `pack_answer` was given, but for what no database holds; ValueError if the line is none of its.

    Whatever a hostile file makes a reader say, it goes no further than this.
    """
    try:
        told = json.loads(line)
        details = _details(**_storable(told.pop("details", {})))
        return Metadata(details=details, **_storable(told))
    except (TypeError, AttributeError) as error:
        raise ValueError("no answer of a worker") from error


def pack_picture(picture: bytes | None) -> bytes:
    """One line that holds a JPEG; None if there is none."""
    return _line(None if picture is None else base64.b64encode(picture).decode("ascii"))


def unpack_picture(line: bytes) -> bytes | None:
    """What `pack_picture` was given; ValueError if the line is none of its."""
    told = json.loads(line)
    if told is None:
        return None
    if not isinstance(told, str):
        raise ValueError("no answer of a worker")  # noqa: TRY004 - as for any other line that is none
    picture = base64.b64decode(told, validate=True)
    if not picture.startswith(b"\xff\xd8\xff") or len(picture) > LARGEST_PICTURE:
        raise ValueError("no picture")
    return picture


def _told(found: Metadata | Details) -> dict[str, object]:
    """The fields that are not as in one that knows nothing."""
    nothing = type(found)()
    values = {one.name: getattr(found, one.name) for one in fields(found)}
    return {
        name: _told(value) if isinstance(value, Details) else value
        for name, value in values.items()
        if value != getattr(nothing, name)
    }


def _storable(told: dict[str, Any]) -> dict[str, Any]:
    """Without numbers that are too large or none, and with every text as valid Unicode."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in told.items()
        if not isinstance(value, int | float) or abs(value) < _LARGEST_NUMBER
    }


def _details(
    *, date_source: str | None = None, clips: Sequence[str] = (), **plain: str | float | None
) -> Details:
    source = None if date_source is None else DateSource(date_source)
    return Details(date_source=source, clips=tuple(clips), **plain)  # type: ignore[arg-type]  # a worker is ours


def _line(value: object) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"

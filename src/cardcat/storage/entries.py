"""The lines of the longer list of a manifest: one JSON object each, ours to write and anybody's to claim."""

from __future__ import annotations

import json
import math
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields

from cardcat.model import Evidence, Kind
from cardcat.paths import to_text

MediaValue = str | int | float | None

_readable = json.JSONEncoder(ensure_ascii=False, default=str).encode

_KINDS: Mapping[object, Kind] = {kind.value: kind for kind in Kind}
_EVIDENCE: Mapping[object, Evidence] = {evidence.value: evidence for evidence in Evidence}
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # of characters; undecoded bytes are between them
_SHA256 = re.compile(r"[0-9a-f]{64}")
_XXH3 = re.compile(r"[0-9a-f]{32}")
_DRIVE = re.compile(r"[A-Za-z]:([\\/]|$)")
_INT64 = 1 << 63
_LONGEST_PATH = 1 << 16  # characters; what is longer than any path can be is damage
_LONGEST_VALUE = 1 << 12  # characters of a column
_MOST_VALUES = 100  # columns


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """
    One verified copy: its path below the destination root, its hashes in lower-case hex, what is in it.

    *size* is bytes, *mtime_ns* as the filesystem kept it, *verified_at* UTC seconds, *sample* a
    fingerprint, *source_path* relative to the source, *media* the columns of its row in media_files.
    """

    path: str
    sha256: str
    size: int
    mtime_ns: int
    xxh3: str | None = None
    sample: str | None = None
    kind: Kind | None = None
    verified_at: int | None = None
    evidence: Evidence | None = None
    source_path: str | None = None
    media: Mapping[str, MediaValue] | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    """What is known by now of a content that an earlier manifest lists: the columns of its media row."""

    sha256: str
    size: int
    kind: Kind
    media: Mapping[str, MediaValue]


_FIELDS = tuple(field.name for field in fields(ManifestEntry))


def entry_line(entry: ManifestEntry) -> bytes:
    """The line of a copy, with its end."""
    said = {name: value for name in _FIELDS if (value := getattr(entry, name)) is not None}
    if entry.media is not None:
        said["media"] = _plain_values(entry.media)
    return json_line(said)


def renewed_line(renewed: Renewed) -> bytes:
    """The line of what was learnt, with its end. It names no path, so older programs pass over it."""
    said = {"renewed": renewed.sha256, "size": renewed.size, "kind": renewed.kind}
    return json_line(said | {"media": _plain_values(renewed.media)})


def json_line(said: Mapping[str, object]) -> bytes:
    """One line. A text that is no valid UTF-8 is told readably, and exactly under its name with `_b64`."""
    told: dict[str, object] = {}
    for name, value in said.items():
        told[name] = value
        if isinstance(value, str):
            told[name], raw = to_text(value)
            if raw is not None:
                told[f"{name}_b64"] = b64encode(raw).decode()
    try:
        return _readable(told).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(told, default=str).encode() + b"\n"


def object_of(line: bytes) -> dict[str, object] | None:
    """The JSON object in a line; None if there is none."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def read_line(line: bytes) -> ManifestEntry | Renewed | None:
    """What a line claims; None if it is damaged, tells of something else, or leads out of the destination."""
    said = object_of(line)
    try:
        if said is None:
            return None
        return _renewed(said) if "renewed" in said else _entry(said)
    except (ValueError, KeyError, TypeError):
        return None


def is_below(path: str) -> bool:
    """Whether a path stays below the folder that it is joined to, on this system and on others."""
    if not path or len(path) > _LONGEST_PATH or "\0" in path or _DRIVE.match(path):
        return False
    return not any(part in ("", ".", "..") for part in path.split("/"))


def _entry(said: dict[str, object]) -> ManifestEntry | None:
    path = _text(said, "path")
    if not is_below(path):
        return None
    xxh3, sample = said.get("xxh3"), said.get("sample")
    verified_at, kind, evidence = said.get("verified_at"), said.get("kind"), said.get("evidence")
    return ManifestEntry(
        path=path,
        sha256=_sha256(said["sha256"]),
        size=_number(said["size"], least=0),
        mtime_ns=_number(said["mtime_ns"]),
        xxh3=xxh3 if isinstance(xxh3, str) and _XXH3.fullmatch(xxh3) else None,
        sample=sample if isinstance(sample, str) and _is_plain(sample) else None,
        kind=_KINDS.get(kind) if isinstance(kind, str) else None,
        verified_at=None if verified_at is None else _number(verified_at),
        evidence=_EVIDENCE.get(evidence) if isinstance(evidence, str) else None,
        source_path=_text(said, "source_path") if "source_path" in said else None,
        media=_media(said.get("media")),
    )


def _renewed(said: dict[str, object]) -> Renewed | None:
    media = _media(said.get("media"))
    if media is None:
        return None
    size = _number(said["size"], least=0)
    return Renewed(_sha256(said["renewed"]), size, Kind(str(said["kind"])), media)


def _sha256(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(value)
    return value


def _text(said: dict[str, object], name: str) -> str:
    raw, text = said.get(f"{name}_b64"), said[name]
    if isinstance(raw, str):
        text = os.fsdecode(b64decode(raw, validate=True))
    if not isinstance(text, str) or not _is_plain(text, longest=_LONGEST_PATH):
        raise TypeError(name)
    return text


def _number(value: object, least: int = -_INT64) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < _INT64:
        raise ValueError(value)
    return value


def _media(said: object) -> dict[str, MediaValue] | None:
    if not isinstance(said, dict) or len(said) > _MOST_VALUES:
        return None
    return _plain_values(said)


def _plain_values(values: Mapping[str, object]) -> dict[str, MediaValue]:
    return {name: value for name, value in values.items() if _is_plain(name) and _is_plain(value)}  # type: ignore[misc]


def _is_plain(value: object, longest: int = _LONGEST_VALUE) -> bool:
    """Whether it can be written down: half a character can't, undecoded bytes can."""
    if isinstance(value, str):
        return len(value) <= longest and (value.isascii() or not _HALVES.search(value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)

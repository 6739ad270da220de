"""What a destination tells of itself: for each session a list that `sha256sum -c` checks, and all we know."""

from __future__ import annotations

import json
import math
import os
import re
import stat
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path

from cardcat.model import Evidence, Kind
from cardcat.paths import to_text
from cardcat.storage.atomic import new_file
from cardcat.storage.destination import FOLDER, workplace
from cardcat.storage.disk import Disk
from cardcat.storage.sums import from_line, to_line

MediaValue = str | int | float | None

_FORMAT = "cardcat manifest"
_VERSION = 1
_PREFIX = "SHA256SUMS-"
_MORE = ".jsonl"
_LONGEST = 1 << 20  # bytes of a line; a longer one is damage

_SHA256 = re.compile(r"[0-9a-f]{64}")
_XXH3 = re.compile(r"[0-9a-f]{32}")
_DRIVE = re.compile(r"[A-Za-z]:([\\/]|$)")
_INT64 = 1 << 63


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


def write_manifest(  # noqa: PLR0917 - where, what and when, each once
    disk: Disk,
    root: Path,
    session_id: int | str,
    now: int,
    header: Mapping[str, object],
    entries: Iterable[ManifestEntry],
) -> Path | None:
    """
    Write the manifest of a session, durably; the path of its SHA256SUMS file, None if there are no entries.

    Beside it lies a `.jsonl` file: a line with *header*, then a line an entry. Both are made read-only and
    replace nothing. *now* is in UTC seconds. OSError if the destination can't be written.
    """
    entries = iter(entries)
    first = next(entries, None)
    if first is None:
        return None
    path = _free_name(disk, root / FOLDER / "manifests", session_id, now)
    more = path.with_name(path.name + _MORE)
    place = workplace(root)
    ours = {"format": _FORMAT, "version": _VERSION, "session": session_id, "written_at": now}
    with (
        new_file(disk, more, place, read_only=True) as tell,
        new_file(disk, path, place, read_only=True) as list_sum,
    ):
        tell(_json(ours | dict(header) | ours))
        for entry in chain([first], entries):
            list_sum(to_line(entry.path, entry.sha256))
            tell(_json(_said(entry)))
    return path


def read_manifests(root: Path) -> Iterator[ManifestEntry]:
    """
    What the manifests in *root* claim, oldest first; a later entry of a path stands for what came after.

    These are claims: anybody can write such files. What is damaged, or names a path that does not lie
    below *root*, is passed over.
    """
    for name in manifest_names(root):
        yield from read_manifest(root, name)


def manifest_names(root: Path) -> list[str]:
    """The names of the manifests in *root*, oldest first; none if there is no such folder."""
    try:
        listed = os.listdir(root / FOLDER / "manifests")
    except OSError:
        return []
    return sorted({name.removesuffix(_MORE) for name in listed if name.startswith(_PREFIX)})


def read_manifest(root: Path, name: str) -> Iterator[ManifestEntry]:
    """What one manifest of *root* claims, as `read_manifests` does."""
    folder = root / FOLDER / "manifests"
    is_empty = True
    for entry in _read_more(folder / (name + _MORE)):
        is_empty = False
        yield entry
    if is_empty:
        yield from _read_sums(folder / name, root)


def _free_name(disk: Disk, folder: Path, session_id: int | str, now: int) -> Path:
    stem = f"{_PREFIX}{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{session_id}"
    for number in count(1):
        path = folder / (stem if number == 1 else f"{stem}-{number}")
        if not disk.exists(path) and not disk.exists(path.with_name(path.name + _MORE)):
            return path
    raise AssertionError


def _said(entry: ManifestEntry) -> dict[str, object]:
    said = {name: value for name, value in asdict(entry).items() if value is not None}
    if entry.media is not None:
        said["media"] = {name: value for name, value in entry.media.items() if _is_plain(value)}
    return said


def _json(said: Mapping[str, object]) -> bytes:
    """One line. A text that is no valid UTF-8 is told readably, and exactly under its name with `_b64`."""
    told: dict[str, object] = {}
    for name, value in said.items():
        told[name] = value
        if isinstance(value, str):
            told[name], raw = to_text(value)
            if raw is not None:
                told[f"{name}_b64"] = b64encode(raw).decode()
    try:
        return json.dumps(told, ensure_ascii=False, default=str).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(told, default=str).encode() + b"\n"


def _read_more(path: Path) -> Iterator[ManifestEntry]:
    for line in _lines(path):
        try:
            said = json.loads(line)
            entry = _entry(said) if isinstance(said, dict) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if entry:
            yield entry


def _read_sums(path: Path, root: Path) -> Iterator[ManifestEntry]:
    """A list says nothing of size and time: they are what the file has now, if it is there."""
    for line in _lines(path):
        found = from_line(line)
        if found and _is_below(found[0]):
            with suppress(OSError, ValueError):
                status = os.lstat(root / found[0])
                if stat.S_ISREG(status.st_mode):
                    yield ManifestEntry(found[0], found[1], status.st_size, status.st_mtime_ns)


def _lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a regular file, without their ends; none if it can't be read."""
    with suppress(OSError):
        if not stat.S_ISREG(path.lstat().st_mode):
            return
        with path.open("rb") as file:
            while line := file.readline(_LONGEST):
                if line.endswith(b"\n"):
                    yield line[:-1]
                else:
                    while (rest := file.readline(_LONGEST)) and not rest.endswith(b"\n"):
                        pass


def _entry(said: dict[str, object]) -> ManifestEntry | None:
    """ValueError, KeyError or TypeError if it is none; None if it leads out of the destination."""
    path = _text(said, "path")
    if not _is_below(path):
        return None
    sha256, xxh3, sample = said["sha256"], said.get("xxh3"), said.get("sample")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        return None
    verified_at, kind, evidence = said.get("verified_at"), said.get("kind"), said.get("evidence")
    return ManifestEntry(
        path=path,
        sha256=sha256,
        size=_number(said["size"], least=0),
        mtime_ns=_number(said["mtime_ns"]),
        xxh3=xxh3 if isinstance(xxh3, str) and _XXH3.fullmatch(xxh3) else None,
        sample=sample if isinstance(sample, str) and _is_plain(sample) else None,
        kind=Kind(kind) if isinstance(kind, str) and kind in list(Kind) else None,
        verified_at=None if verified_at is None else _number(verified_at),
        evidence=Evidence(evidence) if isinstance(evidence, str) and evidence in list(Evidence) else None,
        source_path=_text(said, "source_path") if "source_path" in said else None,
        media=_media(said.get("media")),
    )


def _text(said: dict[str, object], name: str) -> str:
    raw, text = said.get(f"{name}_b64"), said[name]
    if isinstance(raw, str):
        return os.fsdecode(b64decode(raw, validate=True))
    if not isinstance(text, str) or not _is_plain(text):
        raise TypeError(name)
    return text


def _number(value: object, least: int = -_INT64) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < _INT64:
        raise ValueError(value)
    return value


def _media(said: object) -> dict[str, MediaValue] | None:
    if not isinstance(said, dict):
        return None
    return {name: value for name, value in said.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    """Whether it can be written down: half a character can't, undecoded bytes can."""
    if isinstance(value, str):
        return not any("\ud800" <= char <= "\udfff" and not "\udc80" <= char <= "\udcff" for char in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)


def _is_below(path: str) -> bool:
    """Whether a path stays below the folder that it is joined to, on this system and on others."""
    if not path or "\0" in path or _DRIVE.match(path):
        return False
    return not any(part in ("", ".", "..") for part in path.split("/"))

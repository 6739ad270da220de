"""What must hold after any fault, and what must be there when a normal run has followed."""

from __future__ import annotations

import difflib
import hashlib
import pprint
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any
from xml.etree import ElementTree as ET

from cardcat.storage.mhl.c4 import c4_id
from cardcat.storage.mhl.chain import CHAIN, read_chain
from tests.faults.records import DONE, ROWS, STATES, SUMS, rows_of
from tests.faults.scene import CARD, DRIVES, OWNERS
from tests.faults.steps import Step
from tests.support import Desk, files_below, snapshot

OURS = (".cardcat", "ascmhl")
_STRUCTURE = re.compile(r"/card-[0-9a-f]{8}(?=/|$)")
_SUFFIX = re.compile(r"-[0-9a-f]{8}(?=\.)")


@dataclass(frozen=True)
class End:
    """All that a finished run leaves, but for ids and the times at which it worked."""

    trees: dict[str, dict[str, tuple[str, int]]]  # by drive and path: the hash and the time of each file
    folders: dict[str, list[str]]
    ours: dict[str, list[str]]  # what is in .cardcat, without what is named after the time
    listed: dict[str, set[str]]  # by drive: what its manifests list
    rows: dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing happened to: its steps, and what it leaves."""

    steps: Sequence[Step]
    end: End
    states: list[tuple[Any, ...]]


def end_of(desk: Desk) -> End:
    """What there is now."""
    return End(
        {drive: dict(_tree(desk.folder / drive)) for drive in DRIVES},
        {drive: sorted(_folders(desk.folder / drive)) for drive in DRIVES},
        {drive: _ours(desk.folder / drive) for drive in DRIVES},
        {drive: set(_listed(desk.folder / drive)) for drive in DRIVES},
        {name: sorted(rows_of(desk, query), key=repr) for name, query in ROWS.items()},
    )


def _tree(drive: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    for path, data in files_below(drive).items():
        if not path.startswith("ascmhl/"):
            yield path, (hashlib.sha256(data).hexdigest(), (drive / path).stat().st_mtime_ns)


def _folders(drive: Path) -> Iterator[str]:
    for path in drive.rglob("*"):
        if path.is_dir() and path.relative_to(drive).parts[0] not in OURS:
            yield path.relative_to(drive).as_posix()


def _ours(drive: Path) -> list[str]:
    """Names in our folder; of what is in `incoming` all, of the rest what is right there."""
    folder = drive / ".cardcat"
    incoming = (folder / "incoming").rglob("*")
    return sorted(
        [*(path.name for path in folder.iterdir()), *(str(path.relative_to(folder)) for path in incoming)]
    )


def _listed(drive: Path) -> Iterator[str]:
    for manifest in sorted((drive / ".cardcat/manifests").glob("SHA256SUMS-*")):
        if manifest.suffix != ".jsonl":
            yield from (line[66:] for line in manifest.read_text("utf-8").splitlines())


@dataclass(frozen=True)
class Before:
    """The card as it was: bytes, times and rights, and when each file was last read."""

    card: dict[str, tuple[int, int, int, bytes]]
    atimes: dict[str, int]


def before(desk: Desk) -> Before:
    """To be taken when everything is set up: looking at it reads the files once."""
    card = snapshot(desk.card)
    return Before(card, _atimes(desk.card))


def _atimes(card: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_atime_ns for path in sorted(card.rglob("*"))}


def require_truth(desk: Desk, was: Before, wanted: End, *, same_names: bool = True) -> None:
    """
    What holds at any instant: the card is as it was, no name on a drive stands for wrong bytes, and the
    catalog and the manifests say nothing of a drive that is not so.

    Where one file failed, another one of its name or content may have got its name: *same_names* is False.
    """
    assert _atimes(desk.card) == was.atimes, "a time of reading on the card was changed"
    assert snapshot(desk.card) == was.card, "the card was changed"
    for drive in DRIVES:
        tree = dict(_tree(desk.folder / drive))
        wrong = _strangers(tree, wanted.trees[drive], same_names=same_names)
        assert not wrong, f"wrong bytes or names on {drive}: {wrong}"
        lost = {path for path in _owned(wanted.trees[drive]) if path not in tree}
        assert not lost, f"the owner's files are gone: {lost}"
        _require_lists_true(desk.folder / drive, tree)
        _require_history_true(desk.folder / drive, tree)
        _require_catalog_true(desk, was, drive, tree)
    _require_sums(desk)


def _strangers(
    tree: dict[str, tuple[str, int]], wanted: dict[str, tuple[str, int]], *, same_names: bool
) -> set[str]:
    """The files that stand under a name that is not theirs."""
    if same_names:
        return {path for path, there in tree.items() if wanted.get(path) != there}
    by_name = {(PurePath(path).name, hashlib.sha256(data).hexdigest()) for path, data in CARD.items()}
    folders = {(_folder(path), there[0]) for path, there in wanted.items()}
    return {
        path
        for path, there in tree.items()
        if wanted.get(path) != there
        and (
            (_folder(path), there[0]) not in folders
            or (_SUFFIX.sub("", PurePath(path).name), there[0]) not in by_name
        )
    }


def _folder(path: str) -> str:
    """The folder of a file. A structure has another one as long as not all of it could be listed."""
    return _STRUCTURE.sub("/card-", path.rpartition("/")[0])


def _require_lists_true(drive: Path, tree: dict[str, tuple[str, int]]) -> None:
    for manifest in sorted((drive / ".cardcat/manifests").glob("SHA256SUMS-*")):
        text = manifest.read_text("utf-8")
        assert text.endswith("\n"), f"{manifest.name} is cut short"
        if manifest.suffix != ".jsonl":
            said = {line[66:]: line[:64] for line in text.splitlines()}
            false = {path for path, sha256 in said.items() if tree.get(path, ("",))[0] != sha256}
            assert not false, f"{manifest.name} lists what is not so: {false}"


def _require_history_true(drive: Path, tree: dict[str, tuple[str, int]]) -> None:
    """Each generation is there to its end and as the chain has it, and lists what is so."""
    chain = drive / "ascmhl" / CHAIN
    links = read_chain(chain.read_bytes()) if chain.exists() else []
    for link in links:
        found = (drive / "ascmhl" / link.name).read_bytes()
        assert c4_id(hashlib.sha512(found).digest()) == link.c4, f"{link.name} is not as the chain has it"
    for generation in sorted((drive / "ascmhl").glob("*.mhl")):
        for path, sha256 in _generation(generation).items():
            assert tree.get(path, ("",))[0] == sha256, f"{generation.name} lists {path}, which is not so"


def _generation(file: Path) -> dict[str, str]:
    """The SHA-256 of each file that a generation lists."""
    names, sums = [], []
    for element in ET.fromstring(file.read_bytes()).iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "path" and element.get("size"):
            names.append(str(element.text))
        if tag == "sha256":
            sums.append(str(element.text))
    return dict(zip(names, sums, strict=True))


def _owned(wanted: dict[str, tuple[str, int]]) -> Iterator[str]:
    for path, data in OWNERS.items():
        if wanted.get(path, ("",))[0] == hashlib.sha256(data).hexdigest():
            yield path


def _require_catalog_true(desk: Desk, was: Before, drive: str, tree: dict[str, tuple[str, int]]) -> None:
    """No copy is called present, no item done, unless the file is there with those bytes and that time."""
    query = f"{ROWS['locations']} WHERE l.path = ? AND e.status = 'present'"
    for _, path, sha256, size, mtime_ns, *_ in rows_of(desk, query, drive):
        assert tree.get(path) == (sha256, mtime_ns), f"{path} on {drive} is not as the catalog says"
        assert (desk.folder / drive / path).stat().st_size == size
    for source, path, sha256, state, evidence in rows_of(desk, DONE, drive):
        assert hashlib.sha256(was.card[source][3]).hexdigest() == sha256
        assert tree.get(path, ("",))[0] == sha256, f"{source} is {state}, and not at {path}"
        assert evidence in {"read_back", "read_back_cold"}


def _require_sums(desk: Desk) -> None:
    """The figures of each session that has ended are those of its items."""
    for number, scanned, *parts in rows_of(desk, SUMS):
        assert scanned == sum(parts), f"session {number}: {scanned} files are not {parts}"


def require_end(
    desk: Desk,
    was: Before,
    undisturbed: Undisturbed,
    *,
    same_names: bool = True,
    same_first: bool = True,
) -> None:
    """
    After a normal run: all is as if nothing had ever happened.

    Where a drive failed, the other one's copies came first, and media_files names those: not *same_first*.
    """
    found, wanted = end_of(desk), undisturbed.end
    for drive in DRIVES:
        told = {path for file in (desk.folder / drive / "ascmhl").glob("*.mhl") for path in _generation(file)}
        assert told == found.listed[drive], "the history tells something else than the manifests"
    require_truth(desk, was, wanted, same_names=same_names)
    _require_equal("what our folders hold", found.ours, wanted.ours)
    if not same_names:
        found, wanted = _nameless(found), _nameless(wanted)
    _require_equal("trees", found.trees, wanted.trees)
    _require_equal("folders", found.folders, wanted.folders)
    _require_equal("what the manifests list", found.listed, wanted.listed)
    for name, rows in wanted.rows.items():
        if name == "primary" and not same_first:
            continue
        _require_equal(name, found.rows[name], rows)
    is_one_session = rows_of(desk, "SELECT count(*) FROM backup_sessions") == [(len(DRIVES),)]
    if same_names and is_one_session:
        _require_equal("states", sorted(rows_of(desk, STATES), key=repr), undisturbed.states)


def _require_equal(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        lines = difflib.unified_diff(
            pprint.pformat(wanted, width=200).splitlines(), pprint.pformat(found, width=200).splitlines(),
            "undisturbed", "found", n=0, lineterm="",
        )  # fmt: skip
        raise AssertionError("\n".join([f"{what} differ:", *lines]))


def _nameless(end: End) -> End:
    """What is there whichever of several files got which of their names, and once where it is there twice."""
    trees, listed = {}, {}
    plain: dict[str, str] = {}
    for drive, tree in end.trees.items():
        mine = {path: f"{_folder(path)}/{sha}" for path, (sha, _) in tree.items()}
        trees[drive] = {mine[path]: there for path, there in tree.items()}
        listed[drive] = {mine[path] for path in end.listed[drive]}
        plain |= mine
    folders = {drive: sorted({_folder(f"{path}/") for path in each}) for drive, each in end.folders.items()}
    rows = {
        name: sorted({tuple(_plain(value, plain) for value in row) for row in each}, key=repr)
        for name, each in end.rows.items()
        if name not in {"primary", "groups"}
    }
    return End(trees, folders, end.ours, listed, rows)


def _plain(value: Any, plain: dict[str, str]) -> Any:
    return plain.get(value, value) if isinstance(value, str) else value

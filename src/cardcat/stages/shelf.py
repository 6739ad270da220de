"""What stands in the folders of one destination: asked for every name before it is given away."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator

from cardcat.catalog.copies import CopyRow, copies_named
from cardcat.catalog.mentions import owners_of
from cardcat.model import Presence, ReadBack
from cardcat.paths import same_name_key
from cardcat.plan.names import suffix_of, suffixed
from cardcat.plan.placing import Member, Occupant
from cardcat.run import Destination, Run
from cardcat.stages.looking import News, is_good
from cardcat.storage.reading import mtime_of
from cardcat.storage.verify import read_back

_MOST_ATTEMPTS = 300  # an end, so that a mistake can't make a run hang


class _Folder:
    """The names in a folder, those that some filesystem takes for one together; what is on record there."""

    def __init__(self, names: Iterable[str]) -> None:
        self.copies: dict[str, CopyRow | None] = {}  # of names that were asked for: what the catalog says
        self.owners: dict[int, set[str | None]] = {}  # of these copies: the source files they answer for
        self._first: dict[str, str] = {}  # by `same_name_key`
        self._others: dict[str, list[str]] = {}  # hardly ever any
        for name in names:
            self.take(name)

    def taken(self, name: str) -> list[str]:
        """The names that are there of those that are one with *name*."""
        key = same_name_key(name)
        first = self._first.get(key)
        return [] if first is None else [first, *self._others.get(key, ())]

    def take(self, name: str) -> None:
        """Say that *name* is there."""
        key = same_name_key(name)
        if key == name:
            key = name  # one string in memory, not two: there may be a million
        if key not in self._first:
            self._first[key] = name
        elif name not in self.taken(name):
            self._others.setdefault(key, []).append(name)


class Shelf:
    """
    The names that are taken on a destination, in the folders that a run touches.

    Compared without case and Unicode form, so that a drive can be copied to any filesystem. *names* are those
    that will probably be asked for: of a folder of many files, the catalog's rows of these are read at once.
    What was learnt of copies on the way is in *news*; the caller tells it once.
    """

    def __init__(self, run: Run, destination: Destination, names: Iterable[str] = ()) -> None:
        self._run = run
        self._destination = destination
        self._names = frozenset(names)
        self._folders: dict[str, _Folder] = {}
        self._mine: dict[str, tuple[str, set[str]]] = {}  # given away in this batch: hash and source paths
        self._ways: set[str] = set()  # folders that are there, or will be
        self._looked_at: dict[int, bool] = {}  # copies, and whether each is good: told once
        self.news = News()
        self.proofs: dict[str, ReadBack] = {}  # of files found there that the catalog does not know
        self.known: dict[str, CopyRow] = {}  # copies that were confirmed on the way

    def look(self, path: str, member: Member) -> Occupant | None:
        """What stands at *path*, or under a name some filesystem takes for the same; None if nothing does."""
        folder, _, name = path.rpartition("/")
        taken = self._folder(folder).taken(name)
        if not taken:
            return self._lost(path, folder, name, member)
        actual = name if name in taken else taken[0]
        there = _join(folder, actual)
        if actual != name and not member.is_media:  # kept by its own path: a name that differs is another
            return Occupant(there, None)
        return self._occupant(there, folder, actual, member)

    def _lost(self, path: str, folder: str, name: str, member: Member) -> Occupant | None:
        """A copy on record that is gone keeps its name, for itself: else nobody would miss it any more."""
        copy = self._copy(folder, name)
        is_lost = copy is not None and copy.status in (Presence.PRESENT, Presence.MISSING)
        return Occupant(path, None) if copy and is_lost and copy.hash != member.hash else None

    def put(self, path: str, member: Member) -> None:
        """Say that *path* is given to *member* now."""
        folder, _, name = path.rpartition("/")
        self._take(folder, name)
        self._mine.setdefault(path, (member.hash, set()))[1].add(member.source_path)
        while folder and folder not in self._ways:
            self._ways.add(folder)
            above, _, name = folder.rpartition("/")
            self._take(above, name)
            folder = above

    def is_given(self, path: str) -> bool:
        """Whether a file of this batch has *path* already."""
        return path in self._mine

    def actual_folder(self, path: str) -> str:
        """
        *path* with each part as it stands on the drive, where a part differs only in case or form.

        Where a file or a link has the name of a folder, the folder gets a suffix: a link leads elsewhere.
        """
        found = ""
        for part in path.split("/") if path else ():
            found = next(way for way in self._ways_on(found, part) if way is not None)
        return found

    def has_way(self, path: str) -> bool:
        """Whether the folders of *path* are there, or can be made, under just these names."""
        folder = path.rpartition("/")[0]
        return self.actual_folder(folder) == folder

    def _ways_on(self, folder: str, part: str) -> Iterator[str | None]:
        """The folder *part* of *folder*: as it is wanted or stands there, else under suffixed names."""
        for name in self._folder_names(folder, part):
            taken = self._folder(folder).taken(name)
            if not taken:
                yield _join(folder, name)
            for actual in sorted(taken, key=lambda other: other != name):
                yield self._way(_join(folder, actual))
        raise AssertionError(f"no free name for the folder {part!r} in {folder!r}")

    def _folder_names(self, folder: str, part: str) -> Iterator[str]:
        yield part
        sha256 = hashlib.sha256(os.fsencode(f"{folder}/{part}")).hexdigest()
        for attempt in range(_MOST_ATTEMPTS):
            yield suffixed(part, suffix_of(sha256, folder, attempt), self._destination.rules)

    def _way(self, path: str) -> str | None:
        if path not in self._ways:
            if path in self._mine or not self._destination.there.is_folder(path):
                return None
            self._ways.add(path)
        return path

    def _take(self, folder: str, name: str) -> None:
        self._folder(folder).take(name)

    def _occupant(self, there: str, folder: str, name: str, member: Member) -> Occupant:
        if there in self._mine:
            hash_, paths = self._mine[there]
            return Occupant(there, hash_, frozenset(paths) | self._owners(folder, self.known.get(there)))
        copy = self._copy(folder, name)
        if copy is not None and copy.status == Presence.PRESENT and copy.hash == member.hash:
            if not self._is_good(copy):
                return Occupant(there, None)
            self.known[there] = copy
            return Occupant(there, copy.hash, self._owners(folder, copy))
        return self._unknown(there, copy, member)

    def _is_good(self, copy: CopyRow) -> bool:
        if copy.id not in self._looked_at:
            self._looked_at[copy.id] = is_good(self._run, self._destination, copy, self.news)
        return self._looked_at[copy.id]

    def _unknown(self, there: str, copy: CopyRow | None, member: Member) -> Occupant:
        """A file that the catalog does not know, or knows wrongly: only its bytes can tell."""
        path = self._destination.root / there
        status = self._destination.there.look_at_file(there)
        if status is None or status.st_size != member.size:
            return Occupant(there, None)
        is_known = copy is not None and (status.st_size, mtime_of(status)) == (copy.size, copy.mtime_ns)
        if is_known and copy and copy.hash != member.hash:  # it is as it was when it was recorded
            return Occupant(there, None)
        fs_type = self._destination.volume.fs_type
        try:
            proof = read_back(self._run.disk, path, member.size, fs_type, sha256=True)
        except OSError:  # not ours to read, or damaged: it stays, and answers for nothing
            return Occupant(there, None)
        if proof.sha256 != member.hash:
            return Occupant(there, None)
        self.proofs[there] = proof
        return Occupant(there, member.hash)

    def _owners(self, folder: str, copy: CopyRow | None) -> frozenset[str | None]:
        """The source files that a confirmed copy answers for already."""
        return frozenset(self._folder(folder).owners.get(copy.id, ())) if copy else frozenset()

    def _folder(self, folder: str) -> _Folder:
        if folder not in self._folders:
            self._folders[folder] = self._load(folder)
        return self._folders[folder]

    def _load(self, folder: str) -> _Folder:
        try:
            listed = self._run.disk.list_folder(self._destination.root / folder)
        except (FileNotFoundError, NotADirectoryError):
            listed = []
        return _Folder(sorted(listed))

    def _copy(self, folder: str, name: str) -> CopyRow | None:
        """What the catalog says of a name: that of a file that is there, or was."""
        here = self._folder(folder)
        if name not in here.copies:
            asked = {name} if here.copies else {name, *self._names}
            source = self._run.source
            with self._run.catalog.read() as c:
                found = copies_named(c, self._destination.location_id, folder, asked)
                ids = [copy.id for copy in found.values()]
                here.owners |= owners_of(
                    c, ids, source_volume_id=source.volume_id, source_root=source.relative
                )
            here.copies.update((each, found.get(each)) for each in asked)
        return here.copies[name]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name

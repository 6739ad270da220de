"""Libraries with real files, on record without an index being run and without mounting anything."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from cardcat.catalog.contents import ContentRow, MediaRow, record_contents, record_media
from cardcat.catalog.copies import NewCopy, record_copies
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.locations import remember_location
from cardcat.catalog.volumes import remember_device, remember_volume
from cardcat.cleanup import applying, previewing, undoing
from cardcat.cleanup.outcomes import Outcome
from cardcat.cleanup.planning import Chosen, Wish, choose
from cardcat.cleanup.plans import Plan, parsed, written
from cardcat.metadata import Metadata
from cardcat.model import Evidence, Kind, Role
from cardcat.plan.groups import MEDIA_EXTENSIONS
from cardcat.storage.disk import Disk
from tests.catalog.shelf import FILE_TIME, NOON, Shelf, sha256

Tree = dict[str, tuple[str, int, int, bytes]]


def kind_of(name: str) -> Kind:
    """By the name alone: these files have no signature."""
    ending = name.rpartition(".")[2].lower()
    if ending in {"mp4", "mov"}:
        return Kind.VIDEO
    return Kind.IMAGE if ending in MEDIA_EXTENSIONS else Kind.SIDECAR


@dataclass
class Library:
    """A shelf whose drives have libraries on them, and a catalog that knows them."""

    shelf: Shelf

    @property
    def folder(self) -> Path:
        return self.shelf.folder

    def put(
        self, files: Mapping[str, bytes], *, drive: str = "ARCHIVE", root: str = "", role: Role = Role.LIBRARY
    ) -> Path:
        """Write files to a drive and put them on record as of the library at *root* of it."""
        self.shelf.put(drive, {f"{root}/{path}".lstrip("/"): data for path, data in files.items()})
        self.record(files, drive=drive, root=root, role=role)
        return self.folder / drive / root

    def record(
        self, files: Mapping[str, bytes], *, drive: str = "ARCHIVE", root: str = "", role: Role = Role.LIBRARY
    ) -> None:
        """Put files on record that are there."""
        with open_catalog(self.shelf.catalog) as opened, opened.write() as c:
            device = remember_device(c, NOON)
            there = remember_volume(c, self.shelf.plugged[drive], device, NOON)
            place = remember_location(c, volume_id=there.id, uuid=None, path=root, role=role, now=NOON)
            contents = {sha256(data): (path, data) for path, data in files.items()}
            rows = [
                ContentRow(hash_, len(data), kind_of(path), "x", "s")
                for hash_, (path, data) in contents.items()
            ]
            ids = record_contents(c, rows, NOON)
            record_media(c, [_media(row, contents[row.hash][0]) for row in rows if row.kind.is_media])
            copies = [
                NewCopy(path, ids[sha256(data)], len(data), FILE_TIME, Evidence.READ_BACK, NOON, "indexed")
                for path, data in files.items()
            ]
            placed = record_copies(c, place.id, copies, session_id=None, now=NOON)
            if role is Role.LIBRARY:
                for id_ in placed.values():
                    c.execute(text(f"UPDATE file_locations SET role = 'library' WHERE id = {id_}"))

    @contextmanager
    def catalog(self) -> Iterator[Catalog]:
        with open_catalog(self.shelf.catalog, create=False) as opened:
            yield opened

    def choose(self, wish: Wish | None = None) -> Chosen:
        with self.catalog() as opened:
            return choose(opened, wish)

    def plan(self, wish: Wish | None = None) -> Plan:
        """The plan as it comes out of its file."""
        return parsed(as_text(self.choose(wish).plan))

    def preview(self, plan: Plan) -> Outcome:
        with self.catalog() as opened:
            return previewing.preview(opened, plan)

    def apply(self, plan: Plan, *, disk: Disk | None = None) -> Outcome:
        with self.catalog() as opened:
            return applying.apply(opened, plan, "/plan.txt", disk=disk)

    def undo(self, cleanup: int = 1, *, disk: Disk | None = None) -> Outcome:
        with self.catalog() as opened:
            return undoing.undo(opened, cleanup, disk=disk)

    def find_wrong(self, folder: str) -> None:
        """Put on record that the copies in this folder are damaged."""
        with self.catalog() as opened, opened.write() as c:
            c.exec_driver_sql(
                "INSERT INTO copy_findings (file_location_id, trouble, message, expected_hash, found_at)"
                " SELECT f.id, 'damaged', 'rot', '', 1 FROM file_locations f"
                " JOIN folders d ON d.id = f.folder_id WHERE d.path = ?",
                (folder,),
            )

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with self.catalog() as opened, opened.read() as c:
            return [tuple(row) for row in c.execute(text(query))]

    def rows(self) -> list[tuple[str, str]]:
        """What the catalog says of the files: path and status, of those that are anywhere."""
        found = self.ask(
            "SELECT iif(d.path = '', '', d.path || '/') || f.name, f.status FROM file_locations f"
            " JOIN folders d ON d.id = f.folder_id WHERE f.status != 'deleted' ORDER BY 1"
        )
        return [(str(path), str(status)) for path, status in found]


def as_text(plan: Plan) -> str:
    return "\n".join(written(plan, "Made by a test.")) + "\n"


def tree(root: Path) -> Tree:
    """All that a person can see of a folder: names, kinds, rights, times, bytes."""
    found: Tree = {}
    for path in sorted([root, *root.rglob("*")]):
        status = path.lstat()
        data = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        kind = stat.filemode(status.st_mode)
        found[str(path.relative_to(root))] = (kind, status.st_mtime_ns, status.st_uid, data)
    return found


def contents(root: Path) -> list[bytes]:
    """Every content that is anywhere below, each once."""
    return sorted({data for kind, _, _, data in tree(root).values() if kind.startswith("-")})


def paths(tolds: Iterable[object]) -> list[str]:
    return [getattr(told, "path", "") for told in tolds]


def _media(row: ContentRow, path: str) -> MediaRow:
    return MediaRow(
        hash=row.hash,
        size=row.size,
        size_human=f"{row.size} B",
        kind=row.kind,
        extension=path.rpartition(".")[2].lower(),
        metadata=Metadata(),
        date_added=NOON,
        date_modified=FILE_TIME // 1_000_000_000,
        path=path.encode("utf-8", "backslashreplace").decode(),
    )

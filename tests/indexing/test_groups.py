"""What belongs together in a library, and what it holds twice."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from cardcat.media.kind import kind_of
from tests.indexing.conftest import Library
from tests.support import Desk, fill, jpeg, playlist

GROUPS = """
SELECT kind, what, group_concat(member, ', ') FROM (
  SELECT g.id, g.kind, g.name AS what, m.role || ' ' || f.name AS member
  FROM asset_groups g JOIN asset_group_members m ON m.group_id = g.id
  JOIN file_locations f ON f.id = m.file_location_id ORDER BY member)
GROUP BY id ORDER BY kind, what
"""
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
SHOTS = {
    "a/IMG_1.CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(100),
    "a/IMG_1.JPG": jpeg(1),
    "a/IMG_1.XMP": XMP,
    "a/IMG_2.JPG": jpeg(2),
    "b/IMG_2.XMP": XMP,
}


def test_files_of_one_shot_are_a_group(library: Library) -> None:
    library.fill(SHOTS).index()
    (shot,) = library.ask(GROUPS)
    assert shot[:2] == ("photo", "IMG_1")
    assert "IMG_1.JPG" in shot[2]
    assert "sidecar IMG_1.XMP" in shot[2]


def test_a_group_follows_its_files(library: Library) -> None:
    library.fill(SHOTS).index()
    (before,) = library.ask("SELECT id FROM asset_groups")
    library.fill({"c.txt": b"c"}).index()
    assert library.ask("SELECT id FROM asset_groups") == [before]  # the same group stays the same row
    library.move("b/IMG_2.XMP", "a/IMG_2.XMP")
    library.index()
    assert [(kind, name) for kind, name, _ in library.ask(GROUPS)] == [("photo", "IMG_1"), ("photo", "IMG_2")]
    for name in ("IMG_1.JPG", "IMG_1.XMP"):
        (library.root / "a" / name).unlink()
    library.index()
    assert [name for _, name, _ in library.ask(GROUPS)] == ["IMG_2"]


def test_a_part_that_is_indexed_alone_keeps_groups_that_reach_beyond_it(library: Library) -> None:
    base = "PRIVATE/AVCHD/BDMV"
    library.fill(
        {
            f"{base}/STREAM/00001.MTS": b"G" + bytes(187) + b"G" + bytes(187) + b"G" + bytes(187),
            f"{base}/CLIPINF/00001.CPI": b"HDMV0100",
            f"{base}/PLAYLIST/00000.MPL": playlist("00001"),
        }
    )
    library.index()
    groups = library.ask(GROUPS)
    fill(library.root, {f"{base}/STREAM/note.txt": b"n"})
    library.index(library.root / base / "STREAM")
    assert library.ask(GROUPS) == groups


def test_a_part_that_is_indexed_alone_keeps_the_groups_of_what_is_unavailable(library: Library) -> None:
    library.fill(SHOTS).index()
    groups = library.ask(GROUPS)
    library.write("UPDATE file_locations SET status = 'unavailable' WHERE name LIKE 'IMG_1%'")
    library.fill({"b/new.txt": b"n"}).index(library.root / "b")
    assert library.ask(GROUPS) == groups != []


def test_a_new_photo_takes_from_the_sidecar_that_was_there_before(library: Library) -> None:
    xmp = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description rdf:about='' xmlns:aux='http://ns.adobe.com/exif/1.0/aux/' aux:Lens='Lens 7'/>"
        b"</rdf:RDF></x:xmpmeta>"
    )
    library.fill({"IMG_1.xmp": xmp}).index()
    library.fill({"IMG_1.JPG": jpeg(1)}).index()
    assert library.ask("SELECT lens_model FROM media_files") == [("Lens 7",)]


def test_real_files_are_the_groups_of_their_hashes(
    library: Library, devset: Path, manifest: list[dict[str, str]]
) -> None:
    before = {p: (p.lstat().st_mtime_ns, p.lstat().st_ctime_ns) for p in [devset, *devset.rglob("*")]}
    found = library.one(devset)
    assert {p: (p.lstat().st_mtime_ns, p.lstat().st_ctime_ns) for p in before} == before
    assert found.missing == 0
    known = {row["path"]: row["sha256"] for row in manifest}
    rows = {path: hash_ for path, (hash_, _) in library.rows().items()}
    assert rows == {path: hashlib.sha256((devset / path).read_bytes()).hexdigest() for path in rows}
    assert {path: known[path] for path in rows if path in known} == {
        p: h for p, h in rows.items() if p in known
    }

    counts = Counter(rows.values())
    media = {
        hash_
        for path, hash_ in rows.items()
        if kind_of((devset / path).read_bytes()[:65_536], path.rpartition("/")[2]).is_media
    }
    groups = dict(library.ask("SELECT media_file_hash, total_copies FROM duplicate_groups"))
    assert groups == {hash_: count for hash_, count in counts.items() if count > 1 and hash_ in media}
    assert groups
    assert library.one(devset).has_changed is False


def test_a_library_groups_as_a_backup_does(library: Library, devset: Path, desk: Desk) -> None:
    """The same files, seen by the two ways into the catalog."""
    card = devset / "cards/sony_alpha"
    desk.backup("drive", source=card)
    library.index(card)
    query = (
        "SELECT kind, name, count(*) FROM asset_groups JOIN asset_group_members ON id = group_id GROUP BY id"
    )
    assert sorted(library.ask(query)) == sorted(desk.ask(query))

"""Reading again takes together what a backup does, and erases nothing that something else has told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import pytest

from cardcat.care.refreshing import MEDIA, Refreshed, refresh
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.renewals import paths_on_cards
from cardcat.media.pool import MetadataPool
from cardcat.media.protocol import Request
from cardcat.metadata import Metadata
from cardcat.model import Kind
from cardcat.stages import grouping
from tests.support import Desk, fill, jpeg
from tests.test_inside import XML, live_photo

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 tiff:Make="Beside" tiff:Model="From beside" exif:DateTimeOriginal="2020-01-01T00:00:00"/>
</rdf:RDF></x:xmpmeta>"""


def film(place: Path, seed: int, **told: str) -> bytes:
    """A short MOV that says when it was taken, or what its *told* say."""
    path = place / f"made{seed}.mov"
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"} if told else {}) as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.metadata.update({key.replace("_dot_", "."): value for key, value in told.items()})
        if not told:
            container.metadata["creation_time"] = f"2024-05-01T22:3{seed}:00Z"
        container.metadata["comment"] = str(seed)
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    return path.read_bytes()


def again(desk: Desk, *kinds: Kind) -> Refreshed:
    with open_catalog(str(desk.catalog)) as opened:
        return refresh(opened, kinds or MEDIA, everything=True)


def told(desk: Desk) -> list[tuple[object, ...]]:
    return desk.ask(
        "SELECT m.camera_make, m.camera_model, m.date_taken, d.* FROM media_files m "
        "JOIN content_identity k ON k.cas_id = m.hash JOIN media_details d ON d.content_id = k.id "
        "ORDER BY m.id"
    )


def films(desk: Desk) -> list[tuple[object, ...]]:
    return desk.ask(
        "SELECT camera_make, camera_model, date_taken FROM media_files WHERE media_type = 'video' ORDER BY id"
    )


def facts(desk: Desk) -> list[tuple[object, ...]]:
    """All but when it was written."""
    return [row[:-1] for row in told(desk)]


def is_left_alone(desk: Desk) -> bool:
    before = facts(desk)
    found = again(desk)
    return found.columns.keys() <= {"trouble"} and found.read == found.to_read and facts(desk) == before


@pytest.fixture
def clip(desk: Desk) -> Desk:
    """A film on the card whose XML tells camera and time zone."""
    desk.folder.mkdir(exist_ok=True)
    fill(desk.card, {"CLIP/C0001.MP4": film(desk.folder, 1), "CLIP/C0001M01.XML": XML.encode()})
    return desk


def forget(desk: Desk) -> None:
    """As if an older reader had read nothing."""
    with desk.writing() as c:
        c.execute("UPDATE media_files SET camera_make = NULL, camera_model = NULL, date_taken = NULL")
        c.execute("UPDATE media_details SET date_local = NULL, date_offset = NULL, date_source = NULL")


def chapters(desk: Desk) -> None:
    fill(
        desk.card,
        {
            "GX010007.MP4": film(desk.folder, 1),
            "GX010007.THM": jpeg(9, "2024:05:02 00:31:00"),
            "GX020007.MP4": film(desk.folder, 2),
        },
    )
    desk.backup()


def test_chapters_keep_what_their_thumbnails_told(desk: Desk) -> None:
    chapters(desk)
    assert is_left_alone(desk)


def test_chapters_learn_what_their_thumbnails_tell(desk: Desk) -> None:
    chapters(desk)
    before = films(desk)
    forget(desk)
    again(desk, Kind.VIDEO)
    assert films(desk) == before
    assert [make for make, *_ in before] == ["Testmaker", None]


def test_a_film_learns_what_came_beside_it_later(desk: Desk) -> None:
    """The session that saw both tells that they belong together, though the first has the film too."""
    fill(desk.card, {"CLIP/C0001.MP4": film(desk.folder, 1)})
    desk.backup()
    fill(desk.card, {"CLIP/C0001M01.XML": XML.encode()})
    desk.backup()
    again(desk)
    assert films(desk) == [("Sony", "ILCE-7SM3", "2024-05-02T00:30:00+02:00")]


def test_a_path_where_another_content_was_is_not_the_copys(clip: Desk) -> None:
    clip.backup()
    ids = [int(str(id_)) for (id_,) in clip.ask("SELECT id FROM file_locations ORDER BY name")]
    with clip.writing() as c:
        c.execute("UPDATE backup_items SET hash = 'another' WHERE source_path LIKE '%.MP4'")
    with open_catalog(str(clip.catalog)) as opened, opened.read() as read:
        assert paths_on_cards(read, ids) == {ids[1]: [(1, "CLIP/C0001M01.XML")]}


def test_halves_of_a_live_photo_with_other_names_have_sidecars_of_their_own(desk: Desk) -> None:
    name = "com_dot_apple_dot_quicktime_dot_content_dot_identifier"
    files = {
        "A/IMG_1.JPG": live_photo("7A3B-1", "2024:05:02 00:00:00"),
        "A/IMG_1.xmp": XMP,
        "A/other.MOV": film(desk.folder, 3, **{name: "7A3B-1"}),
    }
    fill(desk.card, files)
    desk.backup()
    assert desk.ask("SELECT kind FROM asset_groups") == [("live photo",)]
    assert is_left_alone(desk)


def test_a_sidecar_that_several_files_share_joins_them_not(desk: Desk) -> None:
    """Equal sidecars have one copy, which answers for both; the XML is of the second film alone."""
    edits = b"<x/>"
    fill(
        desk.card,
        {
            "C0001.MP4": film(desk.folder, 1),
            "C0001.xmp": edits,
            "C0002.MP4": film(desk.folder, 2),
            "C0002.xmp": edits,
            "C0002M01.XML": XML.encode(),
        },
    )
    desk.backup()
    assert is_left_alone(desk)


def test_a_copy_without_the_sidecar_takes_nothing_away(clip: Desk) -> None:
    clip.backup("two")
    clip.backup("one", excludes=("*.XML",))
    next((clip.folder / "two").rglob("*.MP4")).unlink()
    before = facts(clip)
    assert again(clip).read == 1
    assert facts(clip) == before


def test_a_sidecar_that_can_not_be_read_now_takes_nothing_away(
    clip: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip.backup()
    read = MetadataPool.read

    def broken(pool: MetadataPool, paths: Sequence[Request]) -> list[Metadata]:
        found = zip(paths, read(pool, paths), strict=True)
        return [Metadata(trouble="it hangs") if path.suffix == ".XML" else each for (path, _), each in found]

    monkeypatch.setattr(MetadataPool, "read", broken)
    assert is_left_alone(clip)


def test_a_backup_that_was_killed_before_its_groups_loses_nothing(
    clip: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(grouping, "record_groups", killed)
        with pytest.raises(KeyboardInterrupt):
            clip.backup()
    assert is_left_alone(clip)


def test_a_file_that_stands_alone_may_lose_what_it_does_not_say(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE media_files SET iso = '65535'")
    assert again(desk).columns == {"iso": 1}
    with desk.writing() as c:
        c.execute("UPDATE media_files SET iso = '65535'")
        c.execute("UPDATE file_locations SET session_id = NULL")
    assert again(desk).columns == {}

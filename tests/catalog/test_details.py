"""What was read of contents is kept, written anew, and never erased by what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select, text

from cardcat.catalog import details
from cardcat.catalog.contents import ContentRow, MediaRow, record_contents, record_media
from cardcat.catalog.details import (
    DETAIL_COLUMNS,
    METADATA_COLUMNS,
    READER_VERSION,
    all_unfinished,
    live_photo_ids,
    unfinished_of,
)
from cardcat.catalog.engine import Catalog
from cardcat.catalog.knowledge import known_content
from cardcat.catalog.renewals import ReadAgain, changes, contents_to_read, count_to_read, write_changes
from cardcat.catalog.tables import media_details, media_files, metadata
from cardcat.metadata import Confidence, DateSource, Details, Metadata, Moment
from cardcat.model import Kind

HASH, OTHER = "a" * 64, "b" * 64
ITS_OWN_DETAILS = tuple(
    "format orientation rotation codec audio_codec frame_rate bit_rate bit_depth color_space "
    "live_photo_id unfinished".split()
)
FULL = Details(
    format="CR3",
    gps_date="2024-05-01T08:00:00+00:00",
    gps_latitude=48.85,
    gps_longitude=2.29,
    gps_altitude=35.0,
    orientation=6,
    rotation=90,
    codec="h264",
    audio_codec="aac",
    frame_rate=29.97,
    bit_rate=3_000_000_000,
    bit_depth=8,
    color_space="sRGB",
    camera_serial="12",
    lens_serial="34",
    live_photo_id="ID",
    unfinished="has no index",
    read_with="exifread",
)
READ = Metadata(
    camera_make="Canon",
    camera_model="EOS R5",
    lens_model="RF 50",
    date_taken="2024-05-01T10:00:00",
    iso="100",
    aperture="f/2.8",
    shutter_speed="1/250",
    focal_length="50 mm",
    software="1.0",
    duration_seconds=1.5,
    resolution_width=6000,
    resolution_height=4000,
    details=FULL,
)
MOMENT = Moment("2024-05-01T10:00:00.12", "+02:00", DateSource.ORIGINAL, Confidence.CERTAIN, "file")
GUESS = Moment("2024-05-02", None, DateSource.FILE_TIME, Confidence.GUESS)


@pytest.fixture
def c(catalog: Catalog) -> Iterator[Connection]:
    with catalog.write() as connection:
        yield connection


def add(c: Connection, metadata: Metadata = READ, moment: Moment | None = MOMENT, hash_: str = HASH) -> None:
    record_contents(c, [ContentRow(hash_, 5, Kind.IMAGE, "x", "s")], 1)
    row = MediaRow(hash_, 5, "5 B", Kind.IMAGE, "jpg", metadata, 1, 1, "A.JPG", moment)
    record_media(c, [row])


def known(c: Connection, hash_: str = HASH) -> tuple[Metadata | None, Moment | None]:
    found = known_content(c, hash_)
    assert found
    return found.metadata, found.moment


def read_again(c: Connection, *rows: ReadAgain) -> int:
    """Write at the time 7 what reading again found; return how many differ from before."""
    found = changes(c, rows)
    write_changes(c, found, 7)
    return sum(bool(one.columns) for one in found)


def test_what_was_read_comes_back_as_it_was(c: Connection) -> None:
    add(c)
    assert known(c) == (READ, MOMENT)
    found = known_content(c, HASH)
    assert found
    assert (found.reader_version, found.read_at, found.size, found.kind) == (READER_VERSION, 1, 5, Kind.IMAGE)
    assert known_content(c, OTHER) is None


def test_every_detail_has_a_column() -> None:
    kept = {one.name for one in fields(Details)} - {"date_source", "date_subsec", "clips"}
    own = {one.name for one in fields(Metadata)} - {"details"}
    columns = {column.name for column in media_details.c} - {"content_id", "reader_version", "updated_at"}
    assert kept | {"trouble"} <= columns == set(DETAIL_COLUMNS)
    assert own - {"trouble"} == set(METADATA_COLUMNS) <= {column.name for column in media_files.c}


def test_what_is_known_is_left_as_it_is(c: Connection) -> None:
    add(c)
    add(c, Metadata(camera_make="Nikon", details=Details(format="JPEG")), GUESS)
    assert known(c) == (READ, MOMENT)


def test_a_content_that_only_a_manifest_spoke_of_was_not_read(c: Connection) -> None:
    add(c, replace(READ, details=Details()), None)
    assert c.execute(select(media_details)).all() == []
    assert count_to_read(c, [Kind.IMAGE], older_only=True) == 1
    add(c)
    assert known(c) == (READ, MOMENT)
    assert count_to_read(c, [Kind.IMAGE], older_only=True) == 0


def test_a_utc_instant_is_stored_as_the_wall_clock_that_is_known(c: Connection) -> None:
    utc = replace(FULL, date_source=DateSource.UTC)
    film = Metadata(date_taken="2024-05-01T08:00:00+00:00", details=utc)
    likely = Moment("2024-05-01T10:00:00.12", "+02:00", DateSource.UTC, Confidence.LIKELY, "GPS")
    add(c, film, likely)
    add(c, film, replace(likely, confidence=Confidence.GUESS), OTHER)
    assert c.scalars(select(media_files.c.date_taken).order_by(media_files.c.hash)).all() == [
        "2024-05-01T10:00:00+02:00",
        "2024-05-01T08:00:00+00:00",
    ]


def test_reading_again_writes_everything_anew(c: Connection) -> None:
    add(c)
    c.execute(text("UPDATE media_details SET reader_version = 1"))
    c.execute(text("UPDATE media_files SET updated_at = 1"))
    after = replace(READ, camera_model="EOS R6", iso=None, details=replace(FULL, codec="hevc"))
    (change,) = changes(c, [ReadAgain(HASH, after, MOMENT)])
    assert change.columns == {
        "camera_model": ("EOS R5", "EOS R6"),
        "iso": ("100", None),
        "codec": ("h264", "hevc"),
    }
    assert read_again(c, ReadAgain(HASH, after, MOMENT), ReadAgain(OTHER, after, MOMENT)) == 1
    assert known(c) == (after, MOMENT)
    found = known_content(c, HASH)
    assert found
    assert (found.reader_version, found.read_at) == (READER_VERSION, 7)
    assert c.scalar(select(media_files.c.updated_at)) == 7
    assert c.scalar(select(media_files.c.path)) == "A.JPG"


def test_reading_the_same_again_only_says_that_it_was_read(c: Connection) -> None:
    add(c)
    c.execute(text("UPDATE media_details SET reader_version = 1"))
    c.execute(text("UPDATE media_files SET updated_at = 1"))
    assert read_again(c, ReadAgain(HASH, READ, MOMENT)) == 0
    assert c.scalar(select(media_files.c.updated_at)) == 1
    assert count_to_read(c, [Kind.IMAGE], older_only=True) == 0


def test_a_content_without_details_gets_them(c: Connection) -> None:
    add(c, Metadata(camera_make="Canon"), None)
    assert read_again(c, ReadAgain(HASH, READ, MOMENT)) == 1
    assert known(c) == (READ, MOMENT)


def test_trouble_erases_nothing_that_is_known(c: Connection) -> None:
    add(c)
    broken = Metadata(camera_make="CANON", details=Details(format="JPEG"), trouble="its EXIF is cut off")
    read_again(c, ReadAgain(HASH, broken, GUESS))
    told = replace(READ, camera_make="CANON", details=replace(FULL, format="JPEG"))
    assert known(c) == (replace(told, trouble="its EXIF is cut off"), MOMENT)
    assert count_to_read(c, [Kind.IMAGE], older_only=True) == 0  # a broken file is not read over and over


def test_trouble_with_a_date_gives_a_new_date(c: Connection) -> None:
    add(c)
    moment = replace(MOMENT, local="2025-01-01T00:00:00")
    broken = Metadata(date_taken="2025-01-01T00:00:00", trouble="its maker note is cut off")
    read_again(c, ReadAgain(HASH, broken, moment))
    assert known(c)[1] == moment


def test_a_sidecar_that_is_gone_erases_nothing(c: Connection) -> None:
    add(c)
    alone = Metadata(date_taken="2024-05-01T08:00:00", details=Details(codec="hevc"))
    read_again(c, ReadAgain(HASH, alone, GUESS, is_whole=False))
    nothing: dict[str, Any] = dict.fromkeys(ITS_OWN_DETAILS)
    details = replace(FULL, **nothing | {"codec": "hevc"})
    expected = replace(READ, duration_seconds=None, resolution_width=None, resolution_height=None)
    assert known(c) == (replace(expected, details=details), MOMENT)


def test_a_recording_that_turns_out_to_be_whole_is_so_in_any_group(c: Connection) -> None:
    add(c)
    found = replace(READ, details=replace(FULL, unfinished=None))
    read_again(c, ReadAgain(HASH, found, MOMENT, is_whole=False))
    assert known(c)[0] == found


SIDECAR = Moment("2024-05-01T10:00:00", "+02:00", DateSource.SIDECAR, Confidence.LIKELY, "file")


@pytest.mark.parametrize("trouble", [None, "it is cut off"])
@pytest.mark.parametrize(
    ("after", "is_taken"),
    [
        (replace(SIDECAR, local="2024-06-01T10:00:00"), True),
        (replace(SIDECAR, local="2024-06-01T10:00:00", source=DateSource.ORIGINAL), True),
        (replace(SIDECAR, local="2024-06-01T10:00:00", confidence=Confidence.CERTAIN), True),
        (replace(SIDECAR, local="2024-06-01T10:00:00", source=DateSource.UTC), False),
        (replace(SIDECAR, local="2024-06-01T10:00:00", confidence=Confidence.GUESS), False),
        (replace(SIDECAR, local="2024-06-01T10:00:00", offset=None, offset_source=None), False),
        (None, False),
    ],
)
def test_a_date_gives_way_to_one_that_is_as_sure(
    c: Connection, after: Moment | None, is_taken: bool, trouble: str | None
) -> None:
    add(c, replace(READ, details=Details()), SIDECAR)
    found = replace(READ, date_taken="2024-06-01T10:00:00", details=Details(), trouble=trouble)
    read_again(c, ReadAgain(HASH, found, after, is_whole=trouble is not None))
    metadata, moment = known(c)
    assert metadata
    assert moment == (after if is_taken else SIDECAR)
    assert metadata.date_taken == (found if is_taken else READ).date_taken


def test_a_date_of_unknown_source_gives_way_to_more_than_a_guess(c: Connection) -> None:
    add(c, READ, None)
    utc = replace(READ, date_taken="2024-05-01T08:00:00")
    guess = replace(SIDECAR, confidence=Confidence.GUESS)
    (change,) = changes(c, [ReadAgain(HASH, utc, guess, is_whole=False)])
    assert "date_taken" not in change.columns
    (change,) = changes(c, [ReadAgain(HASH, utc, SIDECAR, is_whole=False)])
    assert change.columns["date_taken"] == (READ.date_taken, utc.date_taken)


def test_what_is_to_be_read_comes_a_part_at_a_time(c: Connection) -> None:
    for number in range(5):
        add(c, hash_=f"{number}" * 64)
    c.execute(text("UPDATE media_details SET reader_version = 1 WHERE content_id <= 3"))
    kinds = [Kind.IMAGE]
    first = contents_to_read(c, kinds, older_only=True, after=0, limit=2)
    rest = contents_to_read(c, kinds, older_only=True, after=first[-1].content_id, limit=2)
    assert [one.hash[0] for one in (*first, *rest)] == ["0", "1", "2"]
    assert count_to_read(c, kinds, older_only=True) == 3
    assert len(contents_to_read(c, kinds, older_only=False, after=0, limit=9)) == 5
    assert contents_to_read(c, [Kind.VIDEO], older_only=False, after=0, limit=9) == []


def test_unfinished_recordings_and_live_photos(c: Connection) -> None:
    add(c)
    add(c, Metadata(details=Details(format="JPEG")), MOMENT, OTHER)
    assert unfinished_of(c, [HASH, OTHER, "c" * 64]) == {HASH: "has no index"}
    assert live_photo_ids(c, [HASH, OTHER]) == {HASH: "ID"}
    assert unfinished_of(c, []) == {}
    assert all_unfinished(c) == {HASH: "has no index"}


def test_unfinished_recordings_are_found_without_a_look_at_all_others(c: Connection) -> None:
    query = str(details._texts("unfinished"))
    plan = [row[3] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    assert any("ix_media_details_unfinished" in step for step in plan)


def test_details_go_with_their_content(c: Connection) -> None:
    add(c)
    c.execute(text("DELETE FROM content_identity"))
    assert c.execute(select(media_details)).all() == []


def test_a_confidence_is_one_of_the_words(c: Connection) -> None:
    add(c)
    with pytest.raises(Exception, match="CHECK"):
        c.execute(text("UPDATE media_details SET date_confidence = 'sure'"))


_texts = st.none() | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5
)
_metadata = st.builds(
    Metadata,
    camera_make=_texts,
    date_taken=st.none() | st.just("2024-05-01T10:00:00"),
    duration_seconds=st.none() | st.floats(0, 1e6),
    resolution_width=st.none() | st.integers(0, 2**31 - 1),
    details=st.builds(Details, codec=_texts, gps_latitude=st.none() | st.floats(-90, 90)),
    trouble=_texts,
)


@settings(max_examples=50, deadline=None)
@given(before=_metadata, after=_metadata, is_whole=st.booleans())
def test_nothing_known_is_lost_unless_the_file_says_so(
    before: Metadata, after: Metadata, is_whole: bool
) -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as c:
        add(c, before, MOMENT)
        read_again(c, ReadAgain(HASH, after, MOMENT, is_whole=is_whole))
        found, _ = known(c)
        again = changes(c, [ReadAgain(HASH, after, MOMENT, is_whole=is_whole)])
    assert found
    keeps = after.trouble or not is_whole
    old, new = details.detail_values(before, MOMENT), details.detail_values(after, MOMENT)
    stored = details.detail_values(found, MOMENT)
    for name in set(DETAIL_COLUMNS) - {"trouble"}:
        stays = after.trouble or name not in ITS_OWN_DETAILS
        assert stored[name] == (old[name] if keeps and stays and new[name] is None else new[name])
    assert found.trouble == after.trouble
    assert again[0].columns == {}

"""Sidecars: cameras' XML, XMP, drones' subtitles, AVCHD's playlists; and XML that means harm."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.readable import SIDECARS, has_metadata
from cardcat.media.reader import read_metadata
from cardcat.media.sidecars.playlist import clips
from cardcat.media.sidecars.safe_xml import LARGEST, elements
from cardcat.media.sidecars.sidecar import _READERS
from cardcat.metadata import DateSource, Metadata
from cardcat.model import Kind

SONY = """<?xml version="1.0" encoding="UTF-8"?>
<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">
  <CreationDate value="2022-08-08T21:49:00+09:00"/>
  <Device manufacturer="Sony" modelName="ILCE-7SM3" serialNo="0001"/>
  <Lens modelName="FE 24-70mm F2.8 GM"/>
  <AcquisitionRecord><Group name="ExifGPS">
    <Item name="LatitudeRef" value="N"/><Item name="Latitude" value="35:37:48.0"/>
    <Item name="LongitudeRef" value="W"/><Item name="Longitude" value="139:45:0"/>
  </Group></AcquisitionRecord>
</NonRealTimeMeta>"""

CANON = """<VideoClip xmlns="http://www.canon.com/ns/VideoClip">
  <CreationDate>2023-05-15T10:20:30+02:00</CreationDate>
  <Device><Manufacturer>Canon</Manufacturer><ModelName>EOS C70</ModelName><SerialNo.>9</SerialNo.></Device>
</VideoClip>"""

P2 = """<P2Main xmlns="urn:schemas-Professional-Plug-in:P2:ClipMetadata:v3.1"><ClipContent><ClipMetadata>
  <Access><CreationDate>2010-01-02T09:00:00+09:00</CreationDate></Access>
  <Device><Manufacturer>Panasonic</Manufacturer><SerialNo.>A1</SerialNo.><ModelName>AG-HPX170</ModelName></Device>
  <Shoot><StartDate>2010-01-02T03:04:05+09:00</StartDate></Shoot>
</ClipMetadata></ClipContent></P2Main>"""

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<r:Description xmlns:t="http://ns.adobe.com/tiff/1.0/" xmlns:e="http://ns.adobe.com/exif/1.0/"
  xmlns:a="http://ns.adobe.com/exif/1.0/aux/" t:Make="Canon" e:FNumber="28/10" e:ExposureTime="1/250"
  a:Lens="EF50mm" a:SerialNumber="42" e:GPSLatitude="53,7.9535400N" e:GPSLongitude="8,43,9.1W"
  e:GPSAltitude="105/10" e:GPSAltitudeRef="1">
 <t:Model>EOS R5</t:Model>
 <e:DateTimeOriginal>2014-04-27T12:42:47.25+02:00</e:DateTimeOriginal>
 <e:ISOSpeedRatings><r:Seq><r:li>400</r:li><r:li>800</r:li></r:Seq></e:ISOSpeedRatings>
 <e:FocalLength>50/1</e:FocalLength>
</r:Description></r:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


Read = Callable[[str, str | bytes], Metadata]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read("a.xml", text)` is what a sidecar of that name and content says."""

    def from_file(name: str, data: str | bytes) -> Metadata:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_metadata(path, Kind.SIDECAR)

    return from_file


def test_sonys_xml_tells_camera_lens_clock_and_place(read: Read) -> None:
    found = read("C0001M01.XML", SONY)

    assert (found.camera_make, found.camera_model, found.lens_model) == (
        "Sony",
        "ILCE-7SM3",
        "FE 24-70mm F2.8 GM",
    )
    assert (found.date_taken, found.details.date_source) == ("2022-08-08T21:49:00+09:00", DateSource.SIDECAR)
    assert (found.details.gps_latitude, found.details.gps_longitude) == (35.63, -139.75)
    assert found.details.camera_serial == "0001"


@pytest.mark.parametrize(
    ("text", "camera", "date"),
    [
        (CANON, ("Canon", "EOS C70", "9"), "2023-05-15T10:20:30+02:00"),
        (P2, ("Panasonic", "AG-HPX170", "A1"), "2010-01-02T03:04:05+09:00"),
    ],
)
def test_other_makers_write_text_where_sony_has_attributes(
    read: Read, text: str, camera: object, date: str
) -> None:
    found = read("a.xml", text)

    assert (found.camera_make, found.camera_model, found.details.camera_serial) == camera
    assert found.date_taken == date


def test_other_xml_says_nothing(read: Read) -> None:
    assert read("MEDIAPRO.XML", '<MediaProfile><Device modelName="X"/></MediaProfile>') == Metadata()


def test_xmp_is_read_with_any_prefix_from_attributes_elements_and_lists(read: Read) -> None:
    found = read("a.CR3.xmp", XMP)

    assert (found.camera_make, found.camera_model, found.lens_model) == ("Canon", "EOS R5", "EF50mm")
    assert (found.iso, found.aperture, found.shutter_speed, found.focal_length) == (
        "400",
        "f/2.8",
        "1/250",
        "50 mm",
    )
    assert (found.date_taken, found.details.date_subsec) == ("2014-04-27T12:42:47+02:00", "25")
    assert found.details.date_source is DateSource.SIDECAR
    assert (found.details.gps_latitude, found.details.gps_altitude) == (53.132559, -10.5)
    assert found.details.gps_longitude == pytest.approx(-8.719194, abs=1e-6)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ('x:CreateDate="2020-01-02T03:04:05"', "2020-01-02T03:04:05"),
        ('x:CreateDate="2020-01-02T03:04Z"', "2020-01-02T03:04:00+00:00"),
        ('x:CreateDate="2020-01-02T03:04:05" p:DateCreated="2019-01-02T03:04:05"', "2019-01-02T03:04:05"),
        ('p:DateCreated="2019-01-02" x:CreateDate="2020-01-02T03:04:05"', "2020-01-02T03:04:05"),
        ('x:ModifyDate="2020-01-02T03:04:05"', None),
    ],
)
def test_the_date_of_an_xmp_is_when_it_was_taken(read: Read, dates: str, expected: str | None) -> None:
    text = (
        '<r:Description xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:x="http://ns.adobe.com/xap/1.0/" xmlns:p="http://ns.adobe.com/photoshop/1.0/" {dates}/>'
    )
    assert read("a.xmp", text).date_taken == expected


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_xml_may_be_in_other_encodings(read: Read, encoding: str) -> None:
    assert read("a.xml", SONY.encode(encoding)).camera_model == "ILCE-7SM3"


def test_text_in_a_wrong_encoding_is_read_as_well_as_can_be(read: Read) -> None:
    latin = CANON.replace("EOS C70", "Caméra").encode("latin-1")

    assert read("a.xml", latin).camera_model == "Cam\ufffdra"
    assert read("a.xml", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + latin).camera_model == "Caméra"
    assert read("a.xml", b'<?xml version="1.0" encoding="no-such"?>' + latin).camera_model == "Cam\ufffdra"
    assert read("a.xml", CANON.replace("C70", "C\x0170\x00").encode()).camera_model == "EOS C70"


LAUGHS = (
    '<!DOCTYPE NonRealTimeMeta [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><NonRealTimeMeta>&c;</NonRealTimeMeta>'
)
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (LAUGHS, "document type"),
        (OUTSIDE, "document type"),
        ("<a>" * 100_000, "nested too deeply"),
        ("<a>" + "<b/>" * 100_000 + "</a>", "too many elements"),
        ("<a>" + " " * LARGEST + "</a>", "larger than 4 MiB"),
        ("<NonRealTimeMeta>", "no well-formed XML"),
        ("<a>&nobody;</a>", "no well-formed XML"),
        ("no XML at all", "no well-formed XML"),
    ],
)
@pytest.mark.parametrize("name", ["a.xml", "a.xmp"])
def test_xml_that_means_harm_is_trouble_and_no_more(read: Read, name: str, text: str, cause: str) -> None:
    found = read(name, text)

    assert cause in (found.trouble or "")
    assert (found.camera_model, found.date_taken) == (None, None)


@given(st.binary(max_size=400))
def test_any_bytes_are_xml_or_a_value_error(data: bytes) -> None:
    try:
        found = elements(data)
    except ValueError:
        return
    assert isinstance(found, list)


NEW_DRONE = """1
00:00:00,000 --> 00:00:00,016
<font size="36">SrtCnt : 1, DiffTime : 16ms
2022-05-01 15:01:58,531,716
[iso : 100] [shutter : 1/500.0] [fnum : 280] [ev : 0]
[latitude: 41.420684] [longitude: 2.162162] [altitude: 27.3] </font>

2
00:00:00,016 --> 00:00:00,033
2030-01-01 00:00:00,000 [iso : 800]
"""
NEWER_DRONE = """1
00:00:00,000 --> 00:00:00,033
<font size="28">FrameCnt: 1, DiffTime: 33ms
2023-09-01 10:11:12.345
[iso: 110] [shutter: 1/640.0] [fnum: 1.7] [latitude: -33.5] [longitude: -70.25]
[rel_alt: 1.2 abs_alt: 612.5]</font>
"""
OLD_DRONE = """1
00:00:00,000 --> 00:00:01,000
F/2.8, SS 30.15, ISO 260, EV -1.7, GPS (-121.7458, 48.0771, 17), D 221.21m, H 200.70m
"""
OLDEST_DRONE = """1
00:00:00,000 --> 00:00:01,000
HOME(149.0251,-20.2532) 2017.08.05 14:11:51
GPS(149.0251,-20.2533,16) BAROMETER:1.9
ISO:100 Shutter:60 EV: Fnum:2.2
"""


@pytest.mark.parametrize(
    ("text", "columns", "date", "place"),
    [
        (NEW_DRONE, ("100", "1/500", "f/2.8"), ("2022-05-01T15:01:58", "531"), (41.420684, 2.162162, 27.3)),
        (NEWER_DRONE, ("110", "1/640", "f/1.7"), ("2023-09-01T10:11:12", "345"), (-33.5, -70.25, 612.5)),
        (OLD_DRONE, ("260", "1/30", "f/2.8"), (None, None), (48.0771, -121.7458, None)),
        (OLDEST_DRONE, ("100", "1/60", "f/2.2"), ("2017-08-05T14:11:51", None), (-20.2533, 149.0251, None)),
        (OLDEST_DRONE.replace("\n", "\r\n"), ("100", "1/60", "f/2.2"), ("2017-08-05T14:11:51", None),
         (-20.2533, 149.0251, None)),
    ],
)  # fmt: skip
def test_a_drone_tells_by_subtitles(
    read: Read, text: str, columns: object, date: object, place: object
) -> None:
    found = read("DJI_0001.SRT", text)
    where = found.details

    assert (found.iso, found.shutter_speed, found.aperture) == columns
    assert (found.date_taken, where.date_subsec) == date
    assert (where.gps_latitude, where.gps_longitude, where.gps_altitude) == place


def test_a_films_translation_says_nothing(read: Read) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nIt was on 2001-01-01 12:00:00, and ISO 9001.\n"
    assert read("film.srt", text) == Metadata()


def playlist(*items: tuple[bytes, int], version: bytes = b"MPLS0200") -> bytes:
    entries = b"".join(struct.pack(">H5s4sH", 20, stem, b"M2TS", how) + bytes(9) for stem, how in items)
    body = struct.pack(">IHHH", 6 + len(entries), 0, len(items), 0) + entries
    return version + struct.pack(">III", 40, 0, 0) + bytes(20) + body


def test_a_playlist_names_its_clips_and_which_go_on() -> None:
    data = playlist((b"00000", 1), (b"00001", 5), (b"00002", 6), (b"00003", 1))
    assert clips(data) == ("00000", "+00001", "+00002", "00003")


def test_the_first_clip_goes_on_from_nothing() -> None:
    assert clips(playlist((b"00007", 5))) == ("00007",)


@pytest.mark.parametrize("name", ["00000.MPL", "00000.mpls"])
def test_a_playlist_is_read_by_its_name(read: Read, name: str) -> None:
    assert read(name, playlist((b"00004", 1))).details.clips == ("00004",)


def test_a_playlist_may_end_or_lie_anywhere() -> None:
    whole = playlist((b"00000", 1), (b"00001", 5), (b"00002", 5))
    for end in range(len(whole)):
        assert clips(whole[:end]) == clips(whole)[: len(clips(whole[:end]))]
    assert clips(whole[:46] + b"\xff\xff" + whole[48:]) == clips(whole)
    assert clips(b"INDX0200" + bytes(100)) == ()


@given(st.binary(max_size=200))
def test_any_bytes_behind_a_playlists_name_are_borne(data: bytes) -> None:
    assert isinstance(clips(b"MPLS0200" + data), tuple)


@pytest.mark.parametrize(
    ("kind", "name", "is_worth_it"),
    [
        (Kind.IMAGE, "a", True),
        (Kind.VIDEO, "a.mp4", True),
        (Kind.SIDECAR, "C0001M01.XML", True),
        (Kind.SIDECAR, "a.cr3.xmp", True),
        (Kind.SIDECAR, "00000.MPL", True),
        (Kind.SIDECAR, "00000.mpls", True),
        (Kind.SIDECAR, "DJI_0001.SRT", True),
        (Kind.SIDECAR, "a.aae", False),
        (Kind.SIDECAR, "xmp", False),
        (Kind.OTHER, "a.xmp", False),
        (Kind.AUDIO, "a.wav", False),
    ],
)
def test_only_what_may_say_something_is_read(kind: Kind, name: str, *, is_worth_it: bool) -> None:
    assert has_metadata(kind, name) is is_worth_it


def test_every_sidecar_that_is_worth_it_has_a_reader() -> None:
    assert set(_READERS) == SIDECARS


@pytest.mark.parametrize("name", ["a.xml", "a.xmp", "a.mpl", "a.srt", "a.aae"])
@pytest.mark.parametrize("data", [b"", b"\0" * 100, b" \n"])
def test_an_empty_sidecar_says_nothing(read: Read, name: str, data: bytes) -> None:
    assert read(name, data) == Metadata()

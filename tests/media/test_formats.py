"""What a file's format is called, by its bytes; by its name where the bytes of two look alike."""

from __future__ import annotations

import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.formats import format_of
from cardcat.media.kind import kind_of
from cardcat.model import Kind

SENSOR = (0x106, 3, 32803)  # PhotometricInterpretation: a colour filter array
PACKET = b"G" + bytes(187)
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
EBML = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84"


def tiff(make: str = "", *entries: tuple[int, int, int], order: str = "<", sub: bool = False) -> bytes:
    """A TIFF of *make*; *entries* are tag, type and one number, in a sub-IFD if *sub*."""
    text = make.encode() + b"\0"
    inner = [(0x10F, 2, len(text), 400)] if make else []
    outer = [(tag, kind, 1, value) for tag, kind, value in entries]
    first = [*inner, (0x14A, 4, 1, 200)] if sub else [*inner, *outer]
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    data = (head + _ifd(order, first)).ljust(200, b"\0") + (_ifd(order, outer) if sub else b"")
    return data.ljust(400, b"\0") + text


def _ifd(order: str, entries: list[tuple[int, int, int, int]]) -> bytes:
    packed = (
        struct.pack(order + "HHI", tag, kind, count)
        + struct.pack(order + ("Hxx" if kind == 3 else "I"), value)
        for tag, kind, count, value in entries
    )
    return struct.pack(order + "H", len(entries)) + b"".join(packed) + bytes(4)


def film(brand: bytes, *others: bytes) -> bytes:
    size = 16 + 4 * len(others)
    return size.to_bytes(4, "big") + b"ftyp" + brand + bytes(4) + b"".join(others)


DNG = (0xC612, 1, 0x00000401)

PHOTOS = {
    "JPEG": (b"\xff\xd8\xff\xe1", "a.jpg"),
    "MPO": (b"\xff\xd8\xff\xe1", "a.mpo"),
    "HEIC": (film(b"heic", b"mif1"), "a.heic"),
    "HEIC of Canon and Sony": (film(b"heix", b"mif1"), "a.hif"),
    "HEIC with a general brand": (film(b"mif1", b"mif1", b"heic"), "a.heic"),
    "HEIF": (film(b"mif1", b"mif1"), "a.heif"),
    "AVIF": (film(b"avif"), "a.avif"),
    "AVIF with a general brand": (film(b"mif1", b"avif"), "a.avif"),
    "WebP": (b"RIFF\x10\0\0\0WEBPVP8 ", "a.webp"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.png"),
    "APNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20) + b"acTL", "a.png"),
    "TIFF": (tiff("NIKON CORPORATION"), "a.tif"),
    "TIFF, big-endian": (tiff(order=">"), "a.tif"),
    "TIFF, big": (b"II+\0\x08\0\0\0", "a.tif"),
    "GIF": (b"GIF89a", "a.gif"),
    "BMP": (b"BM" + bytes(12) + b"\x28\0\0\0", "a.bmp"),
    "JPEG XL": (b"\0\0\0\x0cJXL \r\n\x87\n", "a.jxl"),
    "JPEG XL, bare": (b"\xff\x0a\x08\x04", "a.jxl"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", "a.jp2"),
    "CR2": (b"II*\0\x10\0\0\0CR\2\0", "a.cr2"),
    "CR3": (film(b"crx "), "a.cr3"),
    "CRW": (b"II\x1a\0\0\0HEAPCCDR", "a.crw"),
    "NEF": (tiff("NIKON CORPORATION", order=">"), "a.nef"),
    "NEF, by its pixels": (tiff("NIKON CORPORATION", SENSOR, sub=True), "a.jpg"),
    "NEF, by its compression": (tiff("NIKON", (0x103, 3, 34713), sub=True), "a"),
    "NRW": (tiff("NIKON"), "a.nrw"),
    "ARW": (tiff("SONY", SENSOR), "a.bin"),
    "SR2": (tiff("SONY"), "a.sr2"),
    "SRF": (tiff("SONY"), "a.srf"),
    "RAF": (b"FUJIFILMCCD-RAW 0201", "a.raf"),
    "ORF": (b"IIRO\x08\0\0\0", "a.orf"),
    "ORF, another": (b"IIRS\x08\0\0\0", "a.orf"),
    "RW2": (b"IIU\0\x18\0\0\0", "a.rw2"),
    "RWL": (b"IIU\0\x18\0\0\0", "a.rwl"),
    "DNG": (tiff("Apple", DNG), "a.dng"),
    "DNG, by its version": (tiff("SONY", DNG), "a.jpg"),
    "GPR": (tiff("GoPro", DNG), "a.gpr"),
    "PEF": (tiff("PENTAX Corporation", order=">"), "a.pef"),
    "SRW": (tiff("SAMSUNG"), "a.srw"),
    "X3F": (b"FOVb\0\0\2\0", "a.x3f"),
    "IIQ": (b"II*\0\x08\x0a\0\0IIIICwaR", "a.iiq"),
    "IIQ, big-endian": (b"MM\0*\0\0\x0a\x08MMMMRawT", "a.tif"),
    "3FR": (tiff("Hasselblad"), "a.3fr"),
    "FFF": (tiff("Hasselblad"), "a.fff"),
    "MRW": (b"\0MRM\0\0\1\0", "a.mrw"),
    "KDC": (tiff("EASTMAN KODAK COMPANY"), "a.kdc"),
    "DCR": (tiff("Kodak"), "a.dcr"),
    "MEF": (tiff("Mamiya"), "a.mef"),
    "MOS": (tiff("Leaf"), "a.mos"),
    "ERF": (tiff("SEIKO EPSON CORP."), "a.erf"),
    "NEF, with its IFD at the end": (b"II*\0\0\0\0\x10", "a.nef"),
}
FILMS = {
    "MP4": (film(b"mp42"), "a.mp4"),
    "MP4, of no known brand": (film(b"zzzz"), "a"),
    "MP4, of a DSLR": (film(b"MSNV"), "a.jpg"),
    "MOV": (film(b"qt  "), "a.mov"),
    "MOV, without brands": (b"\0\0\0\x08wide\0\0\0\0mdat", "a.mov"),
    "M4V": (film(b"M4V "), "a.m4v"),
    "3GP": (film(b"3gp5"), "a.3gp"),
    "3G2": (film(b"3g2a"), "a.3g2"),
    "LRV": (film(b"mp41"), "GL010003.LRV"),
    "INSV": (film(b"avc1"), "VID_20200101_000000_00_001.insv"),
    "CRM": (film(b"crx "), "A001.CRM"),
    "MKV": (EBML + b"matroska", "a.mkv"),
    "WebM": (EBML + b"webm", "a.mkv"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST", "a.avi"),
    "MTS": ((b"\0\0\0\0" + PACKET) * 5, "00000.MTS"),
    "M2TS": ((b"\0\0\0\0" + PACKET) * 5, "00000.m2ts"),
    "TS": (PACKET * 5, "a.ts"),
    "MXF": (bytes.fromhex("060e2b34020501010d01020101020400"), "a.mxf"),
    "WMV": (ASF, "a.wmv"),
    "MPG": (b"\0\0\1\xba\x44", "a.mpg"),
    "MLV": (b"MLVI", "a.mlv"),
}
SOUNDS = {
    "WAV": (b"RIFF\0\0\0\0WAVEfmt ", "a.wav"),
    "MP3": (b"ID3\4", "a.mp3"),
    "MP3, without a tag": (b"\xff\xfb\x90\x64", "a.mp3"),
    "AAC": (b"\xff\xf1\x50\x80", "a.aac"),
    "M4A": (film(b"M4A "), "a.m4a"),
    "FLAC": (b"fLaC", "a.flac"),
    "OGG": (b"OggS" + bytes(24) + b"\1vorbis", "a.ogg"),
    "WMA": (ASF, "a.wma"),
}
KINDS = {Kind.IMAGE: PHOTOS, Kind.VIDEO: FILMS, Kind.AUDIO: SOUNDS}
ALL = [(kind, called, *known) for kind, table in KINDS.items() for called, known in table.items()]


@pytest.mark.parametrize(("kind", "called", "head", "name"), ALL, ids=[called for _, called, *_ in ALL])
def test_every_format_is_known_by_its_bytes(kind: Kind, called: str, head: bytes, name: str) -> None:
    assert kind_of(head, name) is kind
    assert format_of(head, name) == re.split(",| of | with ", called)[0]


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.nef", "a", ".cr3", "folder.nef/a"])
def test_no_name_changes_what_the_bytes_say(name: str) -> None:
    for called in ("PNG", "CR2", "RAF", "X3F", "AVI", "MKV", "GIF"):
        assert format_of({**PHOTOS, **FILMS}[called][0], name) == called


def test_what_is_no_media_has_no_format() -> None:
    for head in (b"", b"text", bytes(64), b"BMW is a brand", b"GGGG" * 40):
        assert format_of(head, "a.jpg") is None


def test_a_scan_is_no_raw_of_the_scanners_maker() -> None:
    assert format_of(tiff("NIKON", (0x106, 3, 2)), "scan.jpg") == "TIFF"
    assert format_of(tiff("SONY"), "edited.nef") == "TIFF"


@given(head=st.binary(max_size=600), name=st.text(max_size=12))
def test_any_bytes_and_name_are_survived(head: bytes, name: str) -> None:
    for start in (b"", b"II*\0", b"MM\0*", b"\0\0\0\x18ftyp", b"\x89PNG\r\n\x1a\n"):
        assert isinstance(format_of(start + head, name), str | None)


@given(at=st.integers(4, 60), head=st.binary(max_size=300))
def test_a_tiff_may_point_anywhere(at: int, head: bytes) -> None:
    assert format_of(tiff("NIKON", SENSOR, sub=True)[:at] + head, "a") is not None

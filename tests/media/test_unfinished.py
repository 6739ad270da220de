"""Recordings that were not ended properly, and those that only look so."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.films.unfinished import unfinished
from cardcat.media.kind import kind_of
from cardcat.media.reader import read_metadata
from cardcat.model import Kind
from tests.media.conftest import box

NO_INDEX = "has no index (moov), so the recording was not ended properly"
FTYP, MOOV, MDAT = box(b"ftyp", b"mp42"), box(b"moov", b"x" * 20), box(b"mdat", b"y" * 30)
EBML = b"\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01\x18\x53\x80\x67"


def asked(film: bytes) -> str | None:
    return unfinished(io.BytesIO(film), len(film))


@pytest.mark.parametrize(
    "film",
    [
        FTYP + MOOV + MDAT,
        FTYP + MDAT + MOOV,
        FTYP + b"\0\0\0\1mdat" + struct.pack(">Q", 46) + b"y" * 30 + MOOV,
        FTYP + MOOV + b"\0\0\0\0mdat" + b"y" * 30,  # up to the end
        FTYP + box(b"moof", b"") + MDAT,
        FTYP + MDAT + MOOV + b"\xff\xff\xff\xffSEFT and what a phone adds",
        FTYP + MDAT + MOOV + bytes(100),
        FTYP + box(b"junk", b"of a maker") + MDAT + MOOV,
    ],
)
def test_a_whole_film_is_finished(film: bytes) -> None:
    assert asked(film) is None


@pytest.mark.parametrize(
    ("film", "sentence"),
    [
        (FTYP + MDAT, NO_INDEX),
        (FTYP + b"\0\0\0\0mdat" + b"y" * 30, NO_INDEX),
        (FTYP + b"\0\0\0\1mdat" + bytes(8) + b"y" * 30, NO_INDEX),  # a size that is written at the end
        (FTYP, NO_INDEX),
        (FTYP + MOOV + MDAT[:-10], "is cut off: 10 bytes are missing"),
        (FTYP + MDAT + MOOV[:-1], "is cut off: 1 byte is missing"),
        (FTYP + MDAT[:-10], "is cut off: 10 bytes are missing, its index (moov) among them"),
        (
            FTYP + MOOV + b"\0\0\0\1mdat" + struct.pack(">Q", 1 << 20),
            "is cut off: 1,048,560 bytes are missing",
        ),
    ],
)
def test_a_film_without_its_end_is_not(film: bytes, sentence: str) -> None:
    assert asked(film) == sentence


def chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


AVI = chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + bytes(8)) + chunk(b"LIST", b"movi" + bytes(40)))


@pytest.mark.parametrize("film", [AVI, AVI[:-1], AVI + bytes(16), AVI + chunk(b"RIFF", b"AVIX" + bytes(8))])
def test_a_whole_avi_is_finished(film: bytes) -> None:
    assert asked(film) is None


@pytest.mark.parametrize(
    ("film", "sentence"),
    [
        (AVI[:-2], "is cut off: 2 bytes are missing"),
        (AVI + chunk(b"RIFF", b"AVIX" + bytes(8))[:-4], "is cut off: 4 bytes are missing"),
        (b"RIFF" + bytes(4) + AVI[8:], "has no index (idx1), so the recording was not ended properly"),
        (chunk(b"RIFF", b"AVI "), "has no index (idx1), so the recording was not ended properly"),
    ],
)
def test_an_avi_without_its_end_is_not(film: bytes, sentence: str) -> None:
    assert asked(film) == sentence


def mxf(status: int, footer: int, end: bytes = b"") -> bytes:
    key = bytes.fromhex("060e2b34020501010d01020101") + b"\x02" + bytes((status, 0))
    return key + b"\x83\0\0\x58" + struct.pack(">HHIQQQ", 1, 2, 1, 0, 0, footer) + bytes(200) + end


@pytest.mark.parametrize(
    ("film", "sentence"),
    [
        (mxf(4, 100), None),
        (mxf(1, 0), "has no footer, so the recording was not ended properly"),
        (mxf(3, 0), "has no footer, so the recording was not ended properly"),
        (mxf(1, 0, bytes.fromhex("060e2b34020501010d010201010402000000")), None),
        (mxf(1, 0, bytes.fromhex("060e2b34020501010d01020101110100")), None),
        (mxf(4, 0), None),
        (mxf(1, 100), None),
        (mxf(4, 1252), "is cut off: more than 1,000 bytes are missing"),
        (mxf(1, 0)[:40], None),
    ],
)
def test_an_open_mxf_without_a_footer_is_not(film: bytes, sentence: str | None) -> None:
    assert asked(film) == sentence


@pytest.mark.parametrize(
    ("film", "sentence"),
    [
        (EBML + b"\x88" + bytes(8), None),
        (EBML + b"\x88" + bytes(5), "is cut off: 3 bytes are missing"),
        (EBML + b"\x01" + b"\xff" * 7 + bytes(5), None),  # a length that is not known
        (EBML + b"\xff" + bytes(5), None),
        (EBML, None),
    ],
)
def test_a_matroska_that_knows_its_length_must_have_it(film: bytes, sentence: str | None) -> None:
    assert asked(film) == sentence


@given(st.binary(max_size=200), st.sampled_from([b"", FTYP, AVI[:24], EBML, mxf(1, 0)[:30]]))
def test_anything_may_be_asked(data: bytes, head: bytes) -> None:
    answer = asked(head + data)
    assert answer is None or answer.startswith(("is ", "has "))


def test_films_of_a_program_are_finished_until_they_are_cut(film: Callable[..., Path]) -> None:
    for name in ("a.mp4", "a.mov", "a.avi", "a.mkv"):
        path = film(name)
        assert read_metadata(path, Kind.VIDEO).details.unfinished is None
    cut = film("b.mp4")
    cut.write_bytes(cut.read_bytes()[:-40])
    assert "cut off" in (read_metadata(cut, Kind.VIDEO).details.unfinished or "")


def test_no_real_film_that_plays_is_called_unfinished(devset: Path, manifest: list[dict[str, str]]) -> None:
    called = set()
    for row in manifest:
        path = devset / row["path"]
        if kind_of(path.open("rb").read(1 << 16), path.name) is Kind.VIDEO and row["label"] != "corrupt":
            with path.open("rb") as stream:
                if unfinished(stream, path.stat().st_size):
                    called.add(row["path"])
    assert not {path for path in called if not path.startswith("corrupt/")}
    with (devset / "corrupt/derived/half.mov").open("rb") as stream:
        assert unfinished(stream, (devset / "corrupt/derived/half.mov").stat().st_size)

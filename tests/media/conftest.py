"""Media made on the spot: photos by Pillow, films by PyAV, containers by hand."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cardcat.media.reader import read_metadata
from cardcat.metadata import Metadata
from cardcat.model import Kind

EXIF_IFD = 0x8769
GPS_IFD = 0x8825

Make = Callable[..., bytes]


def exif_block(**changes: object) -> bytes:
    """A camera's EXIF; *changes* are tags by name, None leaves one out. *gps* has tags by number."""
    values = {
        "make": "Canon",
        "model": "Canon EOS R5",
        "software": "Firmware 1.8",
        "edited": "2030:01:01 00:00:00",
        "original": "2024:05:01 10:00:00",
        "digitised": "2024:05:01 10:00:01",
        "offset": "+02:00",
        "iso": 400,
        "f_number": IFDRational(28, 10),
        "exposure": IFDRational(1, 250),
        "focal": IFDRational(50, 1),
        "lens": "RF50mm F1.8 STM",
        "note": None,
        "serial": None,
        "subsec": None,
        "orientation": None,
        "color": None,
        "gps": {},
        **changes,
    }
    first = {0x010F: "make", 0x0110: "model", 0x0131: "software", 0x0132: "edited", 0x0112: "orientation"}
    inner = {0x9003: "original", 0x9004: "digitised", 0x9011: "offset", 0x8827: "iso"}
    inner |= {0x829D: "f_number", 0x829A: "exposure", 0x920A: "focal", 0xA434: "lens"}
    inner |= {0x927C: "note", 0xA431: "serial", 0x9291: "subsec", 0xA001: "color"}
    exif = Image.Exif()
    for tag, name in first.items():
        if values[name] is not None:
            exif[tag] = values[name]
    exif.get_ifd(EXIF_IFD).update(
        {tag: values[name] for tag, name in inner.items() if values[name] is not None}
    )
    assert isinstance(values["gps"], dict)
    exif.get_ifd(GPS_IFD).update(values["gps"])
    return exif.tobytes()


@pytest.fixture(scope="session")
def photo() -> Make:
    """`photo("JPEG", (64, 48), iso=100)` is a photo with EXIF; `exif=b"..."` puts in another block."""

    def make(form: str = "JPEG", size: tuple[int, int] = (64, 48), **changes: object) -> bytes:
        exif = changes.pop("exif", None)
        out = io.BytesIO()
        Image.new("RGB", size, "teal").save(out, form, exif=exif_block(**changes) if exif is None else exif)
        return out.getvalue()

    return make


@pytest.fixture(scope="session")
def tiff_block() -> Make:
    """EXIF as a bare TIFF stream, as containers hold it."""

    def make(**changes: object) -> bytes:
        return exif_block(**changes).removeprefix(b"Exif\0\0")

    return make


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """`film("a.mov", creation_time="…")`: one second of 64 x 48; *turned* writes a rotation of 90 degrees."""

    def make(name: str, *, turned: bool = False, **told: str) -> Path:
        path = tmp_path / name
        options = {"movflags": "use_metadata_tags"} if path.suffix == ".mov" else {}
        with av.open(str(path), "w", options=options) as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            container.metadata.update({key.replace("_dot_", "."): value for key, value in told.items()})
            for _ in range(10):
                container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
            container.mux(stream.encode())
        if turned:
            path.write_bytes(_turned(path.read_bytes()))
        return path

    return make


def _turned(data: bytes) -> bytes:
    """The film with the matrix of a phone held upright in its track header."""
    at = data.index(b"tkhd") + 4 + 40
    numbers = (0, 1 << 16, 0, -(1 << 16), 0, 0, 48 << 16, 0, 1 << 30)
    return (
        data[:at] + b"".join(number.to_bytes(4, "big", signed=True) for number in numbers) + data[at + 36 :]
    )


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of ISO media files."""
    content = b"".join(parts)
    return (8 + len(content)).to_bytes(4, "big") + kind + content


@pytest.fixture(scope="session")
def make_box() -> Callable[..., bytes]:
    """`make_box(b"ftyp", content, …)`."""
    return box


@pytest.fixture(scope="session")
def noted() -> Make:
    """`noted(lambda at: …)`: EXIF as a TIFF stream, with the maker's note for its place *at*."""

    def make(note: Callable[[int], bytes], **changes: object) -> bytes:
        stand_in = b"\xee" * len(note(0))
        block = exif_block(**{**changes, "note": stand_in}).removeprefix(b"Exif\0\0")
        return block.replace(stand_in, note(block.index(stand_in)))

    return make


@pytest.fixture
def read_photo(tmp_path: Path) -> Callable[..., Metadata]:
    """`read_photo(data, name)`: what is read of a file with these bytes."""

    def read(data: bytes, name: str = "photo") -> Metadata:
        path = tmp_path / name
        path.write_bytes(data)
        return read_metadata(path, Kind.IMAGE)

    return read


@pytest.fixture(scope="session")
def jpeg_of() -> Make:
    """`jpeg_of(block, …)`: a JPEG with this EXIF and further segments, each a marker and its content."""

    def make(block: bytes, *segments: tuple[int, bytes]) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (64, 48), "teal").save(out, "JPEG")
        plain = out.getvalue()
        whole = [(0xE1, b"Exif\0\0" + block), *segments] if block else segments
        heads = (struct.pack(">BBH", 0xFF, marker, 2 + len(content)) for marker, content in whole)
        packed = (head + content for head, (_, content) in zip(heads, whole, strict=True))
        return plain[:2] + b"".join(packed) + plain[2:]

    return make


@pytest.fixture(scope="session")
def png() -> Make:
    """`png((kind, content), …)`: a PNG with these chunks behind its pixels."""

    def make(*chunks: tuple[bytes, bytes]) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (64, 48), "teal").save(out, "PNG")
        end = 12
        packed = (
            struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))
            for kind, content in chunks
        )
        whole = out.getvalue()
        return whole[:-end] + b"".join(packed) + whole[-end:]

    return make

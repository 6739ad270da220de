"""XMP and EXIF that containers keep in unusual places."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from PIL import Image

from cardcat.metadata import DateSource, Metadata

Make = Callable[..., bytes]
Read = Callable[[bytes], Metadata]


@dataclass(frozen=True)
class Makers:
    """What makes containers."""

    jpeg: Make
    png: Make
    box: Make


@pytest.fixture
def makers(jpeg_of: Make, png: Make, make_box: Make) -> Makers:
    return Makers(jpeg_of, png, make_box)


XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" tiff:Make="Leica" tiff:Model="M9" exif:FNumber="28/10"
 exif:ExposureTime="1/125" exif:FocalLength="50/1" exif:DateTimeOriginal="2020-02-03T04:05:06.70+01:00"
 aux:Lens="Summicron 50mm"><exif:ISOSpeedRatings>
<rdf:Seq><rdf:li>800</rdf:li></rdf:Seq></exif:ISOSpeedRatings>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def in_jpeg(make: Makers) -> bytes:
    return make.jpeg(b"", (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP))


def in_png(make: Makers) -> bytes:
    return make.png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP))


def in_compressed_png(make: Makers) -> bytes:
    return make.png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)))


def in_webp(make: Makers) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48)).save(out, "WEBP", xmp=XMP)
    return out.getvalue()


def in_tiff(make: Makers) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48)).save(out, "TIFF", tiffinfo={700: XMP})
    return out.getvalue()


def in_avif(make: Makers) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48)).save(out, "AVIF", xmp=XMP)
    return out.getvalue()


def in_jpeg_2000(make: Makers) -> bytes:
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    return make.box(b"jP  ", b"\r\n\x87\n") + make.box(b"uuid", uuid, XMP)


def in_jpeg_xl(make: Makers) -> bytes:
    return make.box(b"JXL ", b"\r\n\x87\n") + make.box(b"xml ", XMP)


CONTAINERS = (in_jpeg, in_png, in_compressed_png, in_webp, in_tiff, in_avif, in_jpeg_2000, in_jpeg_xl)


@pytest.mark.parametrize("container", CONTAINERS)
def test_xmp_tells_what_exif_does_not(
    read_photo: Read, makers: Makers, container: Callable[[Makers], bytes]
) -> None:
    found = read_photo(container(makers))

    assert (found.camera_make, found.camera_model, found.lens_model) == ("Leica", "M9", "Summicron 50mm")
    assert (found.date_taken, found.details.date_subsec) == ("2020-02-03T04:05:06+01:00", "70")
    assert found.details.date_source is DateSource.XMP
    assert (found.iso, found.aperture, found.shutter_speed) == ("800", "f/2.8", "1/125")
    assert found.focal_length == "50 mm"


def test_exif_wins_over_xmp(read_photo: Read, tiff_block: Make, jpeg_of: Make) -> None:
    xmp = (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    found = read_photo(jpeg_of(tiff_block(model=None), xmp))

    assert (found.camera_make, found.camera_model, found.iso) == ("Canon", "M9", "400")
    assert (found.details.date_source, found.date_taken) == (DateSource.ORIGINAL, "2024-05-01T10:00:00+02:00")


def test_xmp_that_is_none_tells_nothing(read_photo: Read, jpeg_of: Make) -> None:
    for text in (b"", b"tiff:Make", XMP[:-60], XMP.replace(b"<x:", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x:")):
        found = read_photo(jpeg_of(b"", (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + text)))
        assert (found.camera_make, found.trouble, found.resolution_width) == (None, None, 64)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
@pytest.mark.parametrize("name", [b"exif", b"APP1"])
def test_exif_in_a_text_of_png_is_read(
    read_photo: Read, tiff_block: Make, png: Make, kind: bytes, name: bytes
) -> None:
    profile = b"Exif\0\0" + tiff_block()
    digits = b"\n%s\n%8d\n" % (name, len(profile)) + b"\n".join(
        profile.hex().encode()[at : at + 72] for at in range(0, 2 * len(profile), 72)
    )
    value = {b"tEXt": digits, b"zTXt": b"\0" + zlib.compress(digits), b"iTXt": b"\0\0\0\0" + digits}[kind]

    found = read_photo(png((kind, b"Raw profile type " + name + b"\0" + value)))

    assert (found.camera_model, found.iso) == ("Canon EOS R5", "400")


def test_exif_in_jpeg_2000_is_read(read_photo: Read, tiff_block: Make, make_box: Make) -> None:
    for uuid in (b"JpgTiffExif->JP2", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e")):
        found = read_photo(make_box(b"jP  ", b"\r\n\x87\n") + make_box(b"uuid", uuid, tiff_block()))
        assert found.camera_model == "Canon EOS R5"


def test_an_instant_in_xmp_is_no_wall_clock(read_photo: Read, jpeg_of: Make) -> None:
    instant = XMP.replace(b"05:06.70+01:00", b"05:06.70Z")
    found = read_photo(jpeg_of(b"", (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + instant)))

    assert (found.date_taken, found.details.date_source) == ("2020-02-03T04:05:06+00:00", DateSource.UTC)

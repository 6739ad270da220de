"""
What a file's first bytes say it is. The name is only asked where bytes of two kinds look alike.

Each table tells the kind, and the format where the bytes tell that too.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

from collections.abc import Iterator

from cardcat.model import Kind

Signatures = tuple[tuple[int, bytes, str | None], ...]  # where they stand, and the format
Beginnings = tuple[tuple[int, tuple[bytes, ...]], ...]  # the same, those of one place together

TIFFS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""TIFF, BigTIFF and most raws: CR2 NEF NRW ARW SR2 SRF DNG GPR PEF SRW IIQ 3FR KDC ERF MEF."""

_IMAGE: Signatures = (
    *((0, signature, None) for signature in TIFFS),
    (0, b"\xff\xd8\xff", "JPEG"),  # also MPO, JPS, INSP
    (0, b"\x89PNG\r\n\x1a\n", None),  # PNG, APNG
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"IIU\0", "RW2"),  # also RWL, Panasonic RAW
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (0, b"FOVb", "X3F"),
    (0, b"\0MRM", "MRW"),
    (6, b"HEAPCCDR", "CRW"),
    (0, b"IIIITwaR", "IIQ"),  # IIQ of older backs
    (0, b"MMMMRawT", "IIQ"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),  # JP2
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),  # bare codestream
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),  # bare codestream
    (0, b"II\xbc\x01", "JPEG XR"),
    (0, b"8BPS", "PSD"),  # Photoshop
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"SDPX", "DPX"),
    (0, b"XPDS", "DPX"),
)

_VIDEO: Signatures = (
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "MXF"),
    (4, b"RED1", "R3D"),
    (4, b"RED2", "R3D"),
    (0, b"MLVI", "MLV"),  # Magic Lantern
    (0, b"\0\0\x01\xb3", "MPG"),  # MPEG elementary stream
    (0, b"FLV\x01", "FLV"),
    (0, b".RMF\0\0\0", None),
    (0, b"\x1f\x07\0", "DV"),  # raw DV
)

_AUDIO: Signatures = (
    (0, b"ID3\2", "MP3"),  # MP3, sometimes AAC or FLAC
    (0, b"ID3\3", "MP3"),
    (0, b"ID3\4", "MP3"),
    (0, b"fLaC", "FLAC"),
    (0, b"#!AMR", "AMR"),
    (0, b"caff\0\1", "CAF"),
)

_BRANDS = (
    (Kind.IMAGE, "HEIC", b"heic heix heim heis hevc hevx hevm hevs"),
    (Kind.IMAGE, "AVIF", b"avif avis"),
    (Kind.IMAGE, "HEIF", b"mif1 mif2 msf1 miaf avci avcs jpeg"),
    (Kind.IMAGE, "CR3", b"crx"),
    (Kind.AUDIO, "M4A", b"M4A M4B M4P"),
    (Kind.AUDIO, "MP4", b"F4A F4B aax aaxc"),
    (Kind.VIDEO, "M4V", b"M4V M4VH M4VP"),
    (Kind.VIDEO, "MOV", b"qt"),
)
BRANDS = {brand.ljust(4): (kind, name) for kind, name, brands in _BRANDS for brand in brands.split()}
"""The kind and format of a `ftyp` box's main brand; films may hold sound alone."""

_FORMS = (  # of a file that is built of chunks
    (b"WEBP", Kind.IMAGE, "WebP"),
    (b"AVI", Kind.VIDEO, "AVI"),
    (b"CDXA", Kind.VIDEO, None),
    (b"WAVE", Kind.AUDIO, "WAV"),
    (b"AIFF", Kind.AUDIO, "AIFF"),
    (b"AIFC", Kind.AUDIO, "AIFF"),
)
_CHUNKED = (b"RIFF", b"RF64", b"BW64", b"FORM")
_QUICKTIME_CONTENT = frozenset((b"moov", b"mdat"))
_QUICKTIME_FILLING = frozenset((b"wide", b"free", b"skip", b"pnot"))
_BITMAP_HEADERS = frozenset((12, 16, 40, 52, 56, 64, 108, 124))
_PACKETS = ((0, 188), (4, 192), (0, 204))  # TS; M2TS, with a time code before each; with check bytes
_PACKETS_WANTED = 5

ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
EBML = b"\x1aE\xdf\xa3"
_AUDIO_NAMES = frozenset(("m4a", "m4b", "mka", "wma", "aac", "oga", "opus"))


def kind_by_signature(head: bytes, suffix: str) -> Kind | None:
    """The kind that the first bytes show, None if they show none. *suffix* is lower case, without dot."""
    if _starts(head, _IMAGE_BEGINS) or is_bitmap(head) or is_icon(head):
        return Kind.IMAGE
    return _by_container(head, suffix) or _by_stream(head)


def _by_container(head: bytes, suffix: str) -> Kind | None:
    """The kind of what may hold pictures, films or sound alike."""
    if head[4:8] == b"ftyp":
        return _by_brand(head, suffix)
    if head.startswith((EBML, ASF)) or is_old_quicktime(head):
        return _moving_or_not(head, suffix)
    if head.startswith(_CHUNKED):
        return next((kind for form, kind, _ in _FORMS if head.startswith(form, 8)), None)
    if head.startswith(b"OggS"):
        return Kind.VIDEO if b"\x80theora" in head[:4096] else Kind.AUDIO
    return None


def _by_stream(head: bytes) -> Kind | None:
    """The kind of a format that is only ever film, or only sound."""
    if _starts(head, _VIDEO_BEGINS) or is_program_stream(head) or packet_size(head):
        return Kind.VIDEO
    if _starts(head, _AUDIO_BEGINS) or is_audio_frame(head):
        return Kind.AUDIO
    return None


def _by_offset(signatures: Signatures) -> Beginnings:
    offsets = sorted({offset for offset, _, _ in signatures})
    return tuple(
        (each, tuple(bytes_ for offset, bytes_, _ in signatures if offset == each)) for each in offsets
    )


_IMAGE_BEGINS, _VIDEO_BEGINS, _AUDIO_BEGINS = map(_by_offset, (_IMAGE, _VIDEO, _AUDIO))


def _starts(head: bytes, beginnings: Beginnings) -> bool:
    return any(head.startswith(those, offset) for offset, those in beginnings)


def format_by_signature(head: bytes) -> str | None:
    """The format that the first bytes alone show, None if they do not."""
    return next((name for name in _formats(head) if name), None)


def _formats(head: bytes) -> Iterator[str | None]:
    if head.startswith(_CHUNKED):
        yield from (name for form, _, name in _FORMS if head.startswith(form, 8))
    for table in (_IMAGE, _VIDEO, _AUDIO):
        yield from (name for offset, bytes_, name in table if head.startswith(bytes_, offset))


def _by_brand(head: bytes, suffix: str) -> Kind:
    brand = head[8:12]
    if brand == b"crx " and suffix == "crm":  # Canon's raw video says the same of itself as its photos
        return Kind.VIDEO
    kind, _ = BRANDS.get(brand, (Kind.VIDEO, None))
    return _moving_or_not(head, suffix) if kind is Kind.VIDEO else kind


def _moving_or_not(head: bytes, suffix: str) -> Kind:
    """Containers of film and sound alike: film, unless it is named as sound and shows no picture track."""
    return Kind.AUDIO if suffix in _AUDIO_NAMES and b"vide" not in head else Kind.VIDEO


def is_old_quicktime(head: bytes) -> bool:
    """Whether it begins as films did before they had a `ftyp` box; texts hold such words too."""
    size = int.from_bytes(head[:4], "big")
    if head[4:8] in _QUICKTIME_FILLING:
        return 8 <= size < 1 << 20
    is_text = all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head[:4])
    return head[4:8] in _QUICKTIME_CONTENT and not is_text and (size >= 8 or size in (0, 1))


def is_bitmap(head: bytes) -> bool:
    """BMP; two letters alone would take in many texts."""
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS


def is_icon(head: bytes) -> bool:
    """ICO: four bytes that many files begin with, so the first entry must make sense too."""
    count = int.from_bytes(head[4:6], "little")
    first = int.from_bytes(head[18:22], "little")
    return head.startswith(b"\0\0\x01\0") and count > 0 and head[9:10] == b"\0" and first >= 6 + 16 * count


def is_program_stream(head: bytes) -> bool:
    """MPG, VOB: a pack header of MPEG-1 or MPEG-2."""
    mark = head[4] if len(head) > 4 else 0
    return head.startswith(b"\0\0\x01\xba") and (mark & 0xC0 == 0x40 or mark & 0xF0 == 0x20)


def packet_size(head: bytes) -> int | None:
    """Of TS (188), M2TS, MTS (192): a sync byte at the start of every packet. None for what is none of it."""
    for start, size in _PACKETS:
        found = head[start : start + _PACKETS_WANTED * size : size]
        if len(head) > start + 2 * size and found.count(b"G") == len(found):
            return size
    return None


def is_audio_frame(head: bytes) -> bool:
    """MP3 without a tag, AAC with ADTS headers."""
    if len(head) < 4 or head[0] != 0xFF:
        return False
    adts = head[1] & 0xF6 == 0xF0 and (head[2] >> 2) & 0xF < 13
    layer_3 = head[1] in (0xE2, 0xE3, 0xF2, 0xF3, 0xFA, 0xFB)
    return adts or (layer_3 and head[2] >> 4 not in (0, 15) and head[2] & 0x0C != 0x0C)

"""A card that means harm: in its names, in what its files say of themselves, in what is no file at all."""

from __future__ import annotations

import io
import os
import socket
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.support import jpeg

MIB = 1 << 20

EVIL = (
    "\x1b]0;owned\x07", "\x1b[2J\x1b[31m", "a\nb\rc\td", "\x9b31m", "\u202egpj.exe", "\u2066x\u2069",
    "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "`x` **b** | c |", "&lt;b&gt;&#x1b;", "-rf",
    "--yes", "%s%n%x", "%2e%2e%2f", "..%2f..", "...", "..\u200b", ". .", "\uff0e\uff0e\u2215x",
    "\u2024\u2024", "~root", "$(touch canary)", "`touch canary`", "; touch canary", "| touch canary", "*",
    "?", "\\..\\..\\x", "C:\\x", "C:", "CON", "nul.txt", "LPT1.JPG", "COM1", "x.", "x ", " ", "   ",
    "\u3000", "\x7f", "\x01", "q" * 255, "é" * 127, ".cardcat", "ascmhl", "marker.json", "[bold red]x",
    ":smile:", "{}", "{0}", "\ufeffx", "desktop.ini2", "._x", "Thumbs.db2", "\udcff\udcfe", "e\u0301", "ﬁ",
    "İ", "\U0001f4a9", "\ue000", "\u0378",
)  # fmt: skip
"""Names of files; none is `.` or `..` and none holds a slash: no filesystem would take those."""

CLIMBING = (
    "../../canary/x", "/canary/x", "..\\..\\canary\\x", "C:\\canary\\x", "\\\\host\\share", "CON", "NUL",
    "....//....//canary/x", "%2e%2e%2fcanary", "file:///etc/passwd", "~/canary", "2024:../..:01 10:00:00",
    "../..", "2024:05:01/../../../canary 10:00:00", "\x1b[31mred\x07\x9b\u202e", "<script>alert(1)</script>",
)  # fmt: skip
"""What metadata says where a name or a date is expected."""


def with_exif(seed: int, text: str) -> bytes:
    """A photo whose make, model, software, artist, description and dates are all *text*."""
    exif = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298):
        exif[tag] = text
    inner = exif.get_ifd(0x8769)
    for tag in (0x9003, 0x9004, 0x9010, 0x9011, 0xA433, 0xA434, 0xA431, 0xA435):
        inner[tag] = text
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (seed % 256, seed // 256 % 256, 1)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def xmp(text: str) -> bytes:
    """An XMP packet that says *text* wherever it may."""
    said = "".join(
        f' {name}="{_xml(text)}"'
        for name in (
            "tiff:Make",
            "tiff:Model",
            "exif:DateTimeOriginal",
            "xmp:CreateDate",
            "photoshop:DateCreated",
        )
    )
    spaces = (
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    )
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"<rdf:Description {spaces}{said}/></rdf:RDF></x:xmpmeta>"
    ).encode()


def clip_xml(text: str, head: str = "") -> bytes:
    """A camera's XML beside a clip, with *text* as device, date and names of other files."""
    said = _xml(text)
    return (
        f'<?xml version="1.0"?>{head}'
        '<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">'
        f'<CreationDate value="{said}"/><Device manufacturer="{said}" modelName="{said}" serialNo="{said}"/>'
        f'<RelevantFiles><File ref="{said}">{said}</File></RelevantFiles>'
        f'<Lens modelName="{said}"/></NonRealTimeMeta>'
    ).encode()


def _xml(text: str) -> str:
    kept = "".join(char if char.isprintable() else f"[{ord(char)}]" for char in text)
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def laughs() -> str:
    """A billion of them."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]>'


def box(kind: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    """A box of a film or HEIF, that may lie about its size."""
    return struct.pack(">I4s", len(body) + 8 if size is None else size, kind) + body


def nested(depth: int) -> bytes:
    """Boxes in boxes: each says that it holds all the rest."""
    total = 8 * depth
    return b"".join(struct.pack(">I4s", total - 8 * n, b"moov" if n % 2 else b"trak") for n in range(depth))


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with more chunks than its picture needs."""
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "PNG")
    data = out.getvalue()
    more = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return data[:33] + more + data[33:]


def looping_tiff() -> bytes:
    """Directories that name each other for ever."""
    entry = struct.pack("<HHIIHHIII", 2, 0x8769, 4, 1, 8, 0x14A, 4, 1, 8)
    first = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 8)
    return first + struct.pack("<I", 8) + entry


FTYP = box(b"ftyp", b"isomiso2avc1mp41")


def bombs(port: int = 9) -> dict[str, bytes]:
    """Files that cost more than they weigh, by name. What they want fetched is at *port* of this computer."""
    there = f"http://127.0.0.1:{port}/x"
    zeros = zlib.compress(bytes(64 * MIB), 9)
    large = struct.pack(">I4sQ", 1, b"moov", 1 << 63)
    return {
        "bomb.png": png((b"iCCP", b"x\0\0" + zeros), (b"zTXt", b"Raw profile type exif\0\0" + zeros)),
        "laughs.xml": clip_xml("x", laughs()).replace(b'"x"', b'"&a9;"'),
        "entity.xml": clip_xml("x", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>').replace(
            b'"/><Lens', b'"/><L>&a;</L><Lens'
        ),
        "remote.xml": clip_xml("x", f'<!DOCTYPE x SYSTEM "{there}">'),
        "remote.xmp": f'<!DOCTYPE x [<!ENTITY % a SYSTEM "{there}"> %a;]>'.encode() + xmp("x"),
        "deep.xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"<a>" * 200_000,
        "loop.tif": looping_tiff(),
        "loop.nef": looping_tiff(),
        "huge.mp4": FTYP + large,
        "huge2.mov": FTYP + box(b"moov", box(b"udta", b"", 0xFFFFFFFF), 0xFFFFFFF0),
        "nested.mp4": FTYP + nested(200_000),
        "zero.mp4": FTYP + box(b"moov", b"", 8) * 200_000,
        "nested.heic": box(b"ftyp", b"heicmif1") + nested(200_000),
        "long.jpg": jpeg(990)[:2] + (b"\xff\xe1\xff\xff" + b"Exif\0\0" + bytes(0xFFF7)) * 100 + jpeg(990)[2:],
        "riff.avi": b"RIFF\xff\xff\xff\xffAVI " + b"LIST\xff\xff\xff\xffhdrl" * 50_000,
        "ebml.mkv": b"\x1aE\xdf\xa3" + b"\x01\xff\xff\xff\xff\xff\xff\xff" * 50_000,
        "list.mpl": b"MPLS0100" + b"\xff" * 5000,
        "evil.srt": b"1\n00:00:00,000 --> 99:99:99,999\n" + b"[" * 300_000,
    }


def sparse(root: Path) -> None:
    """Metadata of 100 MB that weighs nothing: a tag, an atom and a packet that say they are so long."""
    tag = (
        struct.pack("<2sHI", b"II", 42, 8)
        + struct.pack("<H", 1)
        + struct.pack("<HHII", 0x10F, 2, 100 * MIB, 100)
    )
    for name, head in (
        ("tag.tif", tag),
        ("tag.dng", tag),
        ("atom.mp4", FTYP + box(b"moov", box(b"udta", b"", 100 * MIB - 100), 100 * MIB)),
        ("meta.heic", box(b"ftyp", b"heicmif1") + box(b"meta", b"", 100 * MIB)),
        ("packet.xmp", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"),
        ("clip.xml", b"<?xml version='1.0'?><NonRealTimeMeta>"),
    ):
        (root / name).write_bytes(head)
        os.truncate(root / name, 101 * MIB)


def special(root: Path, outside: Path) -> None:
    """Links that lead out, loops, a pipe, a socket and, for root, a device."""
    links: dict[str, str | Path] = {
        "absolute": outside, "secret": "/etc/passwd", "up": "../../../../../../etc/passwd", "loop": "loop",
        "self": ".", "round": "..", "dangling": "/nowhere/at/all", "IMG_0.JPG": outside / "secret.JPG",
        "proc": "/proc/self/root", "zero": "/dev/zero",
    }  # fmt: skip
    for name, to in links.items():
        (root / name).symlink_to(to)
    for name in EVIL[:12]:
        (root / name.replace("/", "")).symlink_to(outside)
    os.mkfifo(root / "pipe.JPG")
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(root)  # the name of a socket has no room for a long path
        try:
            one.bind("socket.MP4")
        finally:
            os.chdir(here)
    if not os.geteuid():
        os.mknod(root / "device.JPG", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.mknod(root / "disk.MP4", stat.S_IFBLK | 0o666, os.makedev(7, 250))


def deep(root: Path, depth: int) -> None:
    """A file so deep that no path to it is taken by the system in one call."""
    fd = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(b"d" * 200, dir_fd=fd)
        below = os.open(b"d" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open(b"x.JPG", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    os.close(fd)


def named(root: Path) -> Iterator[tuple[Path, bytes]]:
    """A photo for each evil name, half of them in a folder of such a name too."""
    for seed, name in enumerate(EVIL):
        folder = root / "DCIM" / (EVIL[-seed] if seed % 2 else "100")
        yield folder / name, jpeg(seed)
        yield folder / f"{name[:120]}.JPG", jpeg(seed + 1000)


def climbing(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Files whose metadata wants out of the destination."""
    for seed, text in enumerate(CLIMBING):
        yield root / f"PHOTO/IMG_{seed:04}.JPG", with_exif(seed, text)
        yield root / f"PHOTO/IMG_{seed:04}.xmp", xmp(text)
        yield root / f"PRIVATE/M4ROOT/CLIP/C{seed:04}M01.XML", clip_xml(text)
        yield root / f"CLIP/C{seed:04}M01.XML", clip_xml(text)
        yield root / f"PRIVATE/AVCHD/BDMV/PLAYLIST/{seed:05}.MPL", b"MPLS0100" + text.encode()[:5] * 50


def build(root: Path, outside: Path, port: int = 9) -> Path:
    """The whole card below *root*; *outside* is where its links lead, *port* what it wants to talk to."""
    for path, data in [*named(root), *climbing(root)]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "BOMBS").mkdir()
    for name, data in bombs(port).items():
        (root / "BOMBS" / name).write_bytes(data)
    (root / "LINKS").mkdir()
    special(root / "LINKS", outside)
    deep(root, 22)
    return root

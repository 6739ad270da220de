"""
What kind of content a file is: by its bytes, and by its name only where bytes can't tell.

The table of signatures is our own: of the 191 real files that the tests use, `filetype` and `puremagic` name
9 and 10 wrongly, among them CRW, RW2, MTS and clips with an unlisted brand.
"""

from __future__ import annotations

from cardcat.media.signatures import kind_by_signature
from cardcat.model import Kind

_NAMES: dict[Kind, str] = {
    Kind.IMAGE: """
        jpg jpeg jpe jfif mpo jps insp thm heic heif hif avif webp png apng tif tiff gif bmp dib ico
        jxl jp2 j2k jpf psd exr dpx
        cr2 cr3 crw nef nrw arw arq srf sr2 raf orf ori rw2 rwl raw dng gpr pef srw x3f iiq cap 3fr fff mrw
        kdc dcr erf mef mos
    """,
    Kind.VIDEO: """
        mp4 mov m4v qt 3gp 3g2 mkv webm avi divx mts m2ts m2t ts tod mod mxf wmv asf mpg mpeg mpe m2v vob
        mlv lrv lrf glv insv 360 r3d braw crm dv flv ogv
    """,
    Kind.AUDIO: "wav wave bwf mp3 m4a m4b aac flac ogg oga opus aif aiff aifc amr mka wma caf",
    Kind.SIDECAR: """
        xmp xml srt vtt aae ctg bdm bdmv mpl mpls cpi clpi bim ppn smi ind rmd sidecar lut cube 3dl cdl
        gpx kml nmea pp3 dop cos vrd dr4 nksc
    """,
}
_KINDS = {suffix: kind for kind, suffixes in _NAMES.items() for suffix in suffixes.split()}


def kind_of(head: bytes, name: str) -> Kind:
    """
    The kind of a file that begins with *head* (the first 64 KiB, or all of it) and is called *name*.

    Bytes win: a PNG called `.jpg` is an image, a text called `.jpg` is `other`. A name alone makes a sidecar,
    never a media file; an empty file is a sidecar or `other`.
    """
    kind = kind_by_signature(head, _suffix(name))
    if kind is not None:
        return kind
    return Kind.SIDECAR if kind_by_name(name) is Kind.SIDECAR else Kind.OTHER


def kind_by_name(name: str) -> Kind:
    """What a file called *name* claims to be; a guess for what has not been read yet."""
    return _KINDS.get(_suffix(name), Kind.OTHER)


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return suffix.lower() if dot and stem else ""

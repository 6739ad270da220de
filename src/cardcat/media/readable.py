"""Which files are worth a parser. No parser is imported here."""

from __future__ import annotations

from cardcat.media.formats import suffix_of
from cardcat.model import Kind

SIDECARS = frozenset({"xml", "xmp", "mpl", "mpls", "srt"})


def has_metadata(kind: Kind, name: str) -> bool:
    """Whether `read_metadata` can find anything in a file of *kind* called *name*."""
    return kind.is_media or (kind is Kind.SIDECAR and suffix_of(name) in SIDECARS)

"""The explanation of all duplicates as tables, which are kept as long as the catalog stays as it is."""

from __future__ import annotations

import pyarrow as pa

STATEMENTS = (
    "why_folders", "why_groups", "why_files", "why_sums", "why_names", "why_live_photos", "why_locations",
)  # fmt: skip
"""What is read, by its name in sql/."""

DIGITS = 12
"""Of a hash, by which it is found."""

_TEXT, _WHOLE, _PLACE = pa.large_string(), pa.int64(), pa.int32()
_WORD = pa.dictionary(pa.int32(), pa.large_string())  # of which there are few


def _columns(**types: pa.DataType) -> pa.Schema:
    return pa.schema(list(types.items()))


TABLES = {
    # The duplicates as `why_groups` has them, in its order: the largest waste first. `finding` is the largest
    # one about it, null for none; `partner` the other half of a Live Photo, if that is the reason.
    "groups": _columns(
        content=_PLACE, hash=_TEXT, media_type=_WORD, path=_TEXT, copies=_WHOLE, size=_WHOLE, wasted=_WHOLE,
        twice=_WHOLE, camera=_WORD, month=_WORD, why=_WORD, finding=_WHOLE, partner=_PLACE,
        partner_hash=_TEXT,
    ),
    # What they add up to, by reason.
    "sums": _columns(
        why=_TEXT, groups=_WHOLE, copies=_WHOLE, bytes=_WHOLE, wasted=_WHOLE, twice=_WHOLE
    ),
    # Rows of groups that no finding explains.
    "singles": _columns(row=_PLACE),
    # Rows of groups by the beginning of their hash.
    "hashes": _columns(start=_TEXT, row=_PLACE),
    # Pairs of folders, the largest first.
    "findings": _columns(
        finding=_WHOLE, why=_TEXT, kind=_TEXT, location=_WHOLE, path=_TEXT, other_location=_WHOLE,
        other_path=_TEXT, files=_WHOLE, bytes=_WHOLE, others=_WHOLE,
    ),
    # Further findings about a row of groups, beside its largest one.
    "more": _columns(row=_PLACE, finding=_WHOLE),
    # Folders with copies, and in which of them, by its place there, is a copy of which row of groups.
    "folders": _columns(location=_WHOLE, path=_TEXT),
    "files": _columns(place=_PLACE, row=_PLACE),
    # The roots of libraries, as `why_locations` has them.
    "locations": _columns(
        location=_WHOLE, volume=_WHOLE, path=_TEXT, path_raw=pa.large_binary(), label=_TEXT, key=_TEXT,
        mounted=_TEXT,
    ),
}  # fmt: skip
"""The tables, and their columns."""

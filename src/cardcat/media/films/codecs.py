"""The names people know for what MediaInfo calls codecs and colours. Pure."""

from __future__ import annotations

from cardcat.media import values

Track = dict[str, object]

_VIDEO = {
    "AVC": "H.264",
    "JPEG": "MJPEG",
    "MPEG-4 Visual": "MPEG-4",
    "VC-3": "DNxHD",
}
_LAYERS = {"Layer 1": "MP1", "Layer 2": "MP2", "Layer 3": "MP3"}


def codec(track: Track) -> str | None:
    """`H.264`, `HEVC`, `ProRes 422 HQ`, `MPEG-2` …"""
    form = values.text(track.get("Format"))
    if form == "MPEG Video":
        return f"MPEG-{values.text(track.get('Format_Version')) or '2'}"
    if form == "ProRes":
        return " ".join(filter(None, (form, values.text(track.get("Format_Profile")))))
    if form == "DV":
        return values.text(track.get("Format_Commercial_IfAny")) or form
    return _VIDEO.get(form or "", form)


def audio_codec(track: Track) -> str | None:
    """`AAC`, `PCM`, `AC-3`, `MP3` …"""
    form = values.text(track.get("Format"))
    profile = values.text(track.get("Format_Profile")) or ""
    return _LAYERS.get(profile, form) if form == "MPEG Audio" else form


def color_space(track: Track) -> str | None:
    """The primaries, with the curve where that is one of its own: `BT.709`, `BT.2020 HLG`."""
    primaries = values.text(track.get("colour_primaries"))
    curve = values.text(track.get("transfer_characteristics")) or ""
    if primaries is None:
        return None
    is_plain = curve.startswith(("BT.", "SMPTE", "xvYCC")) or not curve
    return primaries if is_plain else f"{primaries} {curve}"

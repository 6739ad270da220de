"""Generated names, and those that a filesystem may take for the same, all get a place of their own."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import pytest

from cardcat.paths import same_name_key
from cardcat.plan.names import NameRules, fit_name, rules_for
from cardcat.plan.placing import Member, Occupant, place_group
from tests.plan.strategies import generated, is_file_name, unescape

NAMES = 10_000 if os.environ.get("CARDCAT_FAULTS") else 300
TOGETHER = 50  # names, and their likes, in one folder

_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}


def linux_holds(name: str) -> bool:
    """Any bytes but two, and not too many."""
    raw = os.fsencode(name)
    return 0 < len(raw) <= 255 and b"/" not in raw and b"\0" not in raw and raw not in (b".", b"..")


def windows_holds(name: str) -> bool:
    """What Windows can open again, wherever the drive was written."""
    try:
        units = len(name.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        return False
    is_forbidden = any(char in '/<>:"|?*\\' or ord(char) < 32 for char in name)
    is_device = name.split(".", maxsplit=1)[0].rstrip(" ").upper() in _DEVICES
    return 0 < units <= 255 and not is_forbidden and not is_device and not name.endswith((".", " "))


def share_holds(name: str) -> bool:
    """Windows behind, and Linux's count of bytes before it."""
    return windows_holds(name) and linux_holds(name)


FILESYSTEMS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("ext4", "xfs", "btrfs", "tmpfs", "nfs4"), linux_holds),
    **dict.fromkeys(("vfat", "exfat", "ntfs3", "fuseblk"), windows_holds),
    **dict.fromkeys(("cifs", "smb3"), share_holds),
}

FOLDED: tuple[Callable[[str], str], ...] = (
    lambda name: name,  # ext4
    lambda name: "".join(char.upper() if len(char.upper()) == 1 else char for char in name),  # exFAT, NTFS
    lambda name: unicodedata.normalize("NFD", name).casefold(),  # APFS, HFS+, ext4 with casefold
    lambda name: unicodedata.normalize("NFC", name).lower(),  # what else compares
)
"""How filesystems compare names: two that are one under any of these can't both be kept there."""


def likes(name: str) -> Iterator[str]:
    """The name, and others that some filesystem, or an escape, makes of it."""
    yield name
    yield name.swapcase()
    yield unicodedata.normalize("NFC", name)
    yield unicodedata.normalize("NFD", name)
    yield f"{name}."
    yield f"{name} "
    for rules in {rules_for(each) for each in FILESYSTEMS}:
        yield fit_name(name, rules)
    yield name.replace("%", "%25")
    yield name.replace(":", "%3A")


def member(item: int, name: str, rules: NameRules) -> Member:
    sha256 = hashlib.sha256(os.fsencode(name)).hexdigest()
    return Member(item, f"DCIM/{name}", fit_name(name, rules), sha256, 1, is_media=bool(item % 2))


def placed(names: Sequence[str], rules: NameRules) -> dict[str, str]:
    """The name on the drive of each name of the card, all in one folder, one group after the other."""
    taken: dict[str, str] = {}

    def look(path: str, _: Member) -> Occupant | None:
        there = taken.get(same_name_key(path))
        return None if there is None else Occupant(there, None)

    found = {}
    for item, name in enumerate(names):
        (placement,) = place_group([member(item, name, rules)], "", look, rules)
        taken[same_name_key(placement.path)] = placement.path
        found[name] = placement.path
    return found


@pytest.mark.parametrize("fs_type", FILESYSTEMS)
def test_generated_names_are_kept_apart_on_every_filesystem(fs_type: str) -> None:
    """300 names with about ten likes of each; 10,000 where `CARDCAT_FAULTS` asks for them."""
    rules = rules_for(fs_type)
    names = generated(NAMES, is_file_name)
    for start in range(0, len(names), TOGETHER):
        some = dict.fromkeys(
            like for name in names[start : start + TOGETHER] for like in likes(name) if is_file_name(like)
        )
        found = placed(list(some), rules)
        assert [name for name in found.values() if not FILESYSTEMS[fs_type](name)] == []
        for fold in FOLDED:
            assert len({fold(name) for name in found.values()}) == len(some)


@pytest.mark.parametrize("fs_type", FILESYSTEMS)
def test_generated_names_can_be_read_back(fs_type: str) -> None:
    """A name that was escaped and not cut tells the true one; every true one is in the journal besides."""
    rules = rules_for(fs_type)
    for name in generated(NAMES, is_file_name):
        fitted = fit_name(name, rules)
        assert FILESYSTEMS[fs_type](fitted)
        is_cut = rules.length(fitted) > rules.max_length - 16 - len("%XX%XX%XX")
        assert fitted == name or unescape(fitted) == name or is_cut

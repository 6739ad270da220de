"""What `cardcat volumes show` answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cardcat import text
from cardcat.cli import output
from cardcat.cli.output import Column, Json
from cardcat.paths import quoted

if TYPE_CHECKING:
    from cardcat.catalog.protection import LoneFile
    from cardcat.model import Kind
    from cardcat.safety.protection import Amount, Protection

_FOLDERS = 5
_FINDINGS = 5
_DRIVES = 3
_WORDS = {
    "image": "photo",
    "video": "film",
    "audio": "sound file",
    "sidecar": "sidecar",
    "other": "other file",
}


def document(found: Protection) -> Mapping[str, Json]:
    """What is known of the drive, for `volumes show --json`."""
    volume, now = found.drive.volume, found.drive.now
    return {
        "name": volume.name,
        "uuid": volume.uuid,
        "fs_uuid": volume.fs_uuid,
        "fs_type": volume.fs_type,
        "label": volume.label,
        "disk": found.drive.disk,
        "total_bytes": volume.total_bytes,
        "free_bytes": now.free_bytes if now else volume.free_bytes,
        "last_seen_at": volume.last_seen_at,
        **output.path_fields(str(now.mount_point) if now else None, "mount_point"),
        "holds_copies": found.drive.is_drive,
        "is_plugged_in_twice": found.drive.has_twin,
        "is_on_another_disk": found.drive.is_moved,
        "on_the_same_disk": [{"name": each.name, "uuid": each.uuid} for each in found.together],
        "copies_wanted": found.wanted,
        "evidence": [
            {"evidence": evidence.value, "copies": count, "bytes": size, "oldest_check": oldest}
            for evidence, count, size, oldest in found.evidence
        ],
        "findings": [
            {
                **output.path_fields(each.copy.path),
                "trouble": each.trouble.value,
                "message": each.message,
                "found_at": each.found_at,
            }
            for each in found.findings
        ],
        "held": _amounts(found.held),
        "only_here": _amounts(found.only_here),
        "too_few": _amounts(found.too_few),
        "folders_only_here": [
            {**output.path_fields(folder), "contents": amount.contents, "bytes": amount.size}
            for folder, amount in found.folders
        ],
        "are_all_files_named": _unnamed(found) == 0,
        "files": [
            {
                **output.path_fields(each.path),
                "hash": each.hash,
                "bytes": each.size,
                "kind": each.kind.value,
                "disks": each.disks,
                "only_here": each.is_only_here,
            }
            for each in found.files
        ],
        "drives_to_verify": [
            {
                "name": each.name,
                "uuid": each.uuid,
                "contents": each.contents,
                "last_seen_at": each.last_seen_at,
                **output.path_fields(str(now.mount_point) if now else None, "mount_point"),
            }
            for each, now in found.to_read
        ],
        "drives_with_room": [
            {"name": each.volume.name, "uuid": each.volume.uuid, "free_bytes": each.volume.free_bytes}
            for each in found.room
        ],
    }


def show(found: Protection) -> None:
    """The same for a person."""
    _show_drive(found)
    if not found.held:
        output.say(
            "Nothing is kept on it any more, as far as is known."
            if found.drive.is_drive
            else "It is a card: files are copied from it, and nothing is kept there."
        )
        return
    _show_evidence(found)
    _show_loss(found)
    _show_way_out(found)


def _show_drive(found: Protection) -> None:
    volume, now = found.drive.volume, found.drive.now
    free = now.free_bytes if now else volume.free_bytes
    parts = [volume.fs_type, None if volume.total_bytes is None else text.size(volume.total_bytes)]
    parts += [None if free is None else f"{text.size(free)} free"]
    where = f"plugged in at {now.mount_point}" if now else "not plugged in"
    output.say(f"{volume.name}: {', '.join(part for part in parts if part)}; {where}", style="bold")
    output.say(f"  uuid {volume.uuid}, last seen {text.moment(volume.last_seen_at)}")
    output.say(f"  disk {found.drive.disk or 'not known'}")
    if found.together and found.held:
        sure = "are on the same disk" if found.drive.disk else "could be on the same disk"
        names = ", ".join(each.name for each in found.together)
        output.say(f"  It and {names} {sure}, so they count as one.", style="yellow")
    if found.drive.has_twin:
        output.say(
            "  It is plugged in twice: one is a clone of the other. "
            "Neither counts as long as both are there.",
            style="red",
        )
    if found.drive.is_moved:
        output.say(
            "  It is on another disk than the one that was proved (a clone?): nothing on it counts until "
            f"it was read again: cardcat verify {quoted(volume.uuid)}",
            style="red",
        )


def _show_evidence(found: Protection) -> None:
    rows = [
        [evidence.value.replace("_", " "), text.count(count), text.size(size), text.moment(oldest)]
        for evidence, count, size, oldest in found.evidence
    ]
    columns = [Column("Evidence"), Column("Copies", right=True), Column("Size", right=True)]
    output.table([*columns, Column("Oldest check")], rows)
    for each in found.findings[:_FINDINGS]:
        output.say(f"{each.trouble.value}: {each.copy.path}: {each.message}", style="red")
    if len(found.findings) > _FINDINGS:
        output.say(f"… and {text.count(len(found.findings) - _FINDINGS)} more (--json has them all)")


def _show_loss(found: Protection) -> None:
    if not found.only_here:
        output.say("If it died, nothing would be lost: all of it was read back elsewhere.", style="green")
        return
    output.say(f"If it died, this would be lost: {_told(found.only_here)}.", style="bold red")
    for folder, amount in found.folders[:_FOLDERS]:
        output.say(f"  {folder or '/'}: {text.many(amount.contents, 'file')}, {text.size(amount.size)}")
    if len(found.folders) > _FOLDERS:
        output.say(f"  … and {text.many(len(found.folders) - _FOLDERS, 'more folder')}")


def _show_way_out(found: Protection) -> None:
    if found.too_few:
        drives = text.many(found.wanted, "drive")
        output.say(f"On fewer than {drives}: {_told(found.too_few)}.", style="yellow")
    elif not found.only_here:
        output.say(f"All of it is on {text.many(found.wanted, 'drive')} or more.", style="green")
    for lone in found.files:
        output.say(f"  {lone.path} ({_where(lone)})")
    if left := _unnamed(found):
        output.say(f"  … and {text.many(left, 'more file')} (--all names them)")
    for other, now in found.to_read:
        files = f"{text.count(other.contents)} of these, never read back"
        first = "" if now else "plug it in, then "
        output.say(f"{other.name} has {files}: {first}cardcat verify {quoted(other.uuid)}")
    if found.too_few:
        _show_room(found)


def _show_room(found: Protection) -> None:
    mount = quoted(str(found.drive.now.mount_point)) if found.drive.now else "DRIVE"
    for each in found.room[:_DRIVES]:
        size = text.size(each.now.free_bytes if each.now else each.volume.free_bytes or 0)
        where = f"at {each.now.mount_point}" if each.now else "not plugged in"
        output.say(f"{each.volume.name} has room for them ({size} free, {where}).")
    if found.findings:
        output.say("Some of it is not right: first see cardcat repair --dry-run")
        return
    other = found.room[0].now if found.room else None
    to = quoted(str(other.mount_point)) if other else "OTHER-DRIVE"
    output.say(f"To copy all of it to another drive: cardcat backup {mount} {to}")


def _unnamed(found: Protection) -> int:
    """How many files in too few places are not among those that were asked for."""
    wrong = max(_contents(found.too_few), _contents(found.only_here))
    return max(wrong - len(found.files), 0)


def _contents(amounts: Mapping[Kind, Amount]) -> int:
    return sum(amount.contents for amount in amounts.values())


def _where(lone: LoneFile) -> str:
    """What is known of its copies that were read back."""
    if not lone.disks:
        return "not read back anywhere"
    place = "only here" if lone.is_only_here else "not here"
    return place if lone.disks == 1 else f"on {text.count(lone.disks)} drives"


def _told(amounts: Mapping[Kind, Amount]) -> str:
    total = text.size(sum(amount.size for amount in amounts.values()))
    kinds = ", ".join(text.many(amount.contents, _WORDS[kind]) for kind, amount in amounts.items())
    return f"{kinds} ({total})"


def _amounts(amounts: Mapping[Kind, Amount]) -> Mapping[str, Json]:
    return {kind.value: {"contents": each.contents, "bytes": each.size} for kind, each in amounts.items()}

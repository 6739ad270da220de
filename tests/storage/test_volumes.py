"""A path's volume is known by what stays the same wherever it is mounted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardcat.storage import volumes
from cardcat.storage.mounts import Mount, _longest, mount_of, parse_mountinfo
from cardcat.storage.volumes import (
    disk_of,
    is_mount_point,
    mounted_volumes,
    path_from_volume,
    path_on_volume,
    volume_key,
    volume_of,
)

MakeVolume = Callable[..., Path]

MOUNTINFO = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
30 27 8:1 / /media/me/MY\040CARD\012\134x rw shared:5 master:2 - vfat /dev/sdb1 rw
31 27 0:40 /sub /mnt/part rw - btrfs /dev/sdc rw
32 27 0:41 / /mnt/caf\303\251\377 rw - nfs4 nas:/photos rw

damaged line
33 x 0:1 / - ext4
"""


def test_mountinfo_is_read_with_its_escapes() -> None:
    proc, root, card, part, share = parse_mountinfo(MOUNTINFO)

    assert (proc.fs_type, root.device, root.mount_point) == ("proc", "/dev/vda", Path("/"))
    assert card == Mount(30, Path("/media/me/MY CARD\n\\x"), "/", "vfat", "/dev/sdb1")
    assert (part.root, part.fs_type) == ("/sub", "btrfs")
    assert os.fsencode(share.mount_point) == b"/mnt/caf\xc3\xa9\xff"
    assert share.device == "nas:/photos"


def test_the_longest_mount_that_is_not_hidden_has_a_path() -> None:
    mounted = [
        Mount(1, Path("/"), "/", "ext4", "/dev/a"),
        Mount(2, Path("/media"), "/", "ext4", "/dev/b"),
        Mount(3, Path("/media"), "/", "ext4", "/dev/c"),
        Mount(4, Path("/med"), "/", "ext4", "/dev/d"),
    ]

    assert _longest(mounted, Path("/media/card")).id == 3
    assert _longest(mounted, Path("/mediathek")).id == 1


@pytest.mark.parametrize(
    ("mount", "uuid", "key"),
    [
        (Mount(1, Path("/m"), "/", "vfat", "/dev/sdb1"), "1A2B-3C4D", "uuid:1A2B-3C4D"),
        (Mount(1, Path("/m"), "/", "vfat", "/dev/sdb1"), None, "vfat:/dev/sdb1:1000"),
        (Mount(1, Path("/m"), "/", "nfs4", "nas:/photos"), None, "nfs4:nas:/photos"),
        (Mount(1, Path("/m"), "/", "cifs", "//nas/photos"), None, "cifs://nas/photos"),
        (Mount(1, Path("/m"), "/", "tmpfs", "tmpfs"), None, "tmpfs:/m"),
    ],
)
def test_a_volume_is_known_by_the_best_there_is(mount: Mount, uuid: str | None, key: str) -> None:
    assert volume_key(mount, uuid, 1000) == key


def test_a_path_is_on_the_volume_that_it_would_be_made_on(tmp_path: Path) -> None:
    here = volume_of(tmp_path)

    assert volume_of(tmp_path / "not" / "yet").key == here.key
    assert tmp_path.is_relative_to(here.mount_point)
    assert here.total_bytes >= here.free_bytes > 0
    assert mount_of(tmp_path).fs_type == here.fs_type


def test_two_folders_in_memory_are_two_volumes(memory_folder: Path) -> None:
    volume = volume_of(memory_folder)

    assert (volume.key, volume.fs_uuid, disk_of(volume)) == ("tmpfs:/dev/shm", None, None)


def test_a_volume_is_known_by_its_uuid_and_label(make_volume: MakeVolume) -> None:
    uuid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    place = make_volume("volume", "-U", uuid, "-L", "MY CARD")

    volume = volume_of(place / "DCIM")

    assert (volume.key, volume.fs_uuid, volume.label) == (f"uuid:{uuid}", uuid, "MY CARD")
    assert (volume.name, volume.mount_point, volume.fs_type) == ("MY CARD", place, "ext4")
    assert volume.key in {each.key for each in mounted_volumes()}


def test_a_device_may_tell_what_the_kernel_does_not(
    make_volume: MakeVolume, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    place = make_volume("volume", "-U", uuid)
    monkeypatch.setattr(volumes, "_UUID_FROM_KERNEL", frozenset())

    assert volume_of(place).fs_uuid == uuid


def test_links_to_devices_are_read_with_their_escapes(tmp_path: Path) -> None:
    (tmp_path / "device").touch()
    (tmp_path / "by-label").mkdir()
    (tmp_path / "by-label" / "MY\\x20CARD").symlink_to("../device")
    (tmp_path / "by-label" / "OTHER").symlink_to("../elsewhere")

    assert volumes._linked(tmp_path / "by-label", str(tmp_path / "device")) == "MY CARD"
    assert volumes._linked(tmp_path / "nothing", str(tmp_path / "device")) is None


@pytest.mark.parametrize("trouble", [FileNotFoundError(), subprocess.TimeoutExpired("blkid", 1)])
def test_a_probe_that_fails_tells_nothing(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(subprocess, "run", fail)

    assert volumes._probed("/dev/null") == {}


@pytest.fixture
def bind(tmp_path: Path, make_volume: MakeVolume) -> Iterator[tuple[Path, Path]]:
    """A volume, and a folder of it that is mounted somewhere else too."""
    volume, part = make_volume(), tmp_path / "part"
    (volume / "photos" / "2024").mkdir(parents=True)
    part.mkdir()
    subprocess.run(["mount", "--bind", str(volume / "photos"), str(part)], check=True)
    yield volume, part
    subprocess.run(["umount", str(part)], check=True)


def test_a_part_that_is_mounted_elsewhere_is_the_same_volume_and_place(bind: tuple[Path, Path]) -> None:
    volume, part = bind

    assert volume_of(part).key == volume_of(volume).key
    assert path_on_volume(part / "2024") == path_on_volume(volume / "photos/2024") == "photos/2024"
    assert (path_on_volume(volume), path_on_volume(part)) == ("", "photos")
    assert path_from_volume(volume_of(part), "photos/2024") == part / "2024"
    assert path_from_volume(volume_of(volume), "photos/2024") == volume / "photos/2024"
    assert path_from_volume(volume_of(part), "videos") is None
    assert is_mount_point(part)
    assert not is_mount_point(volume / "photos")


def test_the_disk_below_a_volume_is_known(make_volume: MakeVolume) -> None:
    one, two = volume_of(make_volume("one")), volume_of(make_volume("two"))

    assert disk_of(one) == Path(one.device).name
    assert disk_of(one) != disk_of(two)


def test_the_root_is_a_mount_point_and_a_folder_is_not(tmp_path: Path) -> None:
    assert is_mount_point(Path("/"))
    assert not is_mount_point(tmp_path)
    assert not is_mount_point(tmp_path / "missing")

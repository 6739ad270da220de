"""A path's volume is known by what stays the same wherever it is mounted."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardcat.model import Volume
from cardcat.storage import disks, volumes
from cardcat.storage.disks import lasting_name
from cardcat.storage.mounts import Mount, _longest, mount_of, parse_mountinfo
from cardcat.storage.volumes import (
    disk_of,
    is_mount_point,
    is_one_of_two,
    mounted_volumes,
    path_from_volume,
    path_on_volume,
    volume_key,
    volume_of,
)
from tests.drives import mounted, plugged_in, require_mounting

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


def test_one_device_under_two_names_is_no_clone(tmp_path: Path, make_volume: MakeVolume) -> None:
    place = make_volume()
    number = os.stat(volume_of(place).device).st_rdev
    os.mknod(tmp_path / "same", stat.S_IFBLK | 0o600, number)
    with mounted(tmp_path / "same", tmp_path / "again", "-c") as again:
        one, two = volume_of(place), volume_of(again)
        assert (one.key, one.device != two.device) == (two.key, True)
        assert not is_one_of_two(one, mounted_volumes())


def test_of_a_drive_and_its_clone_each_is_one_of_two(tmp_path: Path, make_volume: MakeVolume) -> None:
    place = make_volume("one")
    subprocess.run(["sync", "-f", str(place)], check=True)
    shutil.copyfile(tmp_path / "one.img", tmp_path / "two.img")
    with plugged_in(tmp_path / "two") as clone:
        one, two = volume_of(place), volume_of(clone)
        assert one.key == two.key
        assert one.disk != two.disk
        assert is_one_of_two(one, mounted_volumes())
        assert is_one_of_two(two, mounted_volumes())
    assert not is_one_of_two(one, mounted_volumes())


def test_a_drive_without_a_uuid_is_told_by_its_device_size_and_disk(
    tmp_path: Path, make_volume: MakeVolume
) -> None:
    found = []
    for name in ("one", "two"):
        subprocess.run(["umount", str(make_volume(name))], check=True)
        image = tmp_path / f"{name}.img"
        subprocess.run(["tune2fs", "-O", "^metadata_csum,^metadata_csum_seed", str(image)], check=False)
        subprocess.run(["tune2fs", "-U", "clear", str(image)], check=True, capture_output=True)
        with plugged_in(tmp_path / name) as place:
            found.append(volume_of(place))
        subprocess.run(["mount", "-o", "loop", str(image), str(tmp_path / name)], check=True)
    one, two = found

    assert one.fs_uuid is None
    assert one.key == f"ext4:{one.device}:{one.total_bytes}"
    assert one.disk != two.disk


class Sysfs:
    """A disk's folder as the kernel shows it, and what udev knows of it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.disk, self.udev = folder / "sda", folder / "udev"
        for each in (self.disk / "device", self.udev):
            each.mkdir(parents=True)
        patch.setattr(disks, "_UDEV", self.udev)
        self.tell("dev", "8:0")

    def tell(self, name: str, text: str) -> None:
        (self.disk / name).write_text(f"{text}\n")

    @property
    def name(self) -> str | None:
        return lasting_name([self.disk])


@pytest.fixture
def sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sysfs:
    return Sysfs(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["wwid", "device/wwid", "device/cid", "serial", "device/serial"])
def test_a_disk_has_the_name_that_its_maker_gave_it(sysfs: Sysfs, name: str) -> None:
    sysfs.tell(name, " naa.5000c500  a+b ")

    assert sysfs.name == "naa.5000c500_a_b"


def test_of_a_disk_that_says_nothing_udev_may_know_more(sysfs: Sysfs) -> None:
    sysfs.tell("serial", "0000-0000")
    assert sysfs.name is None
    (sysfs.udev / "b8:0").write_text("S:disk/x\nE:ID_PART_TABLE_UUID=abc\nE:ID_SERIAL=Reader_1\n")
    assert sysfs.name == "Reader_1"


def test_a_volume_over_several_disks_has_the_names_of_all_or_none(sysfs: Sysfs, tmp_path: Path) -> None:
    sysfs.tell("wwid", "second")
    other = tmp_path / "sdb"
    other.mkdir()
    assert lasting_name([sysfs.disk, other]) is None
    (other / "wwid").write_text("first")
    assert lasting_name([sysfs.disk, other]) == "first+second"
    assert lasting_name([]) is None


def test_a_disk_in_a_file_is_that_file_whatever_device_it_gets(
    tmp_path: Path, make_volume: MakeVolume
) -> None:
    require_mounting()
    place = make_volume("one")
    first: Volume = volume_of(place)
    subprocess.run(["umount", str(place)], check=True)
    with plugged_in(tmp_path / "one", "-o", "ro"):
        assert volume_of(place).disk == first.disk is not None
    subprocess.run(["mount", "-o", "loop", str(tmp_path / "one.img"), str(place)], check=True)

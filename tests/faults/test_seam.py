"""What a backup does to files goes through one class, so that the table of faults can befall all of it."""

from __future__ import annotations

import ast
import inspect

import pytest

from cardcat.storage.disk import Disk
from tests.faults.steps import COMPOSED, OPERATIONS
from tests.program_text import PACKAGE, files, name_of, tree, verb_of

SEAM = "src/cardcat/storage/disk.py"

OUTSIDE = {
    "src/cardcat/storage/_far.py": "of the seam: the way to a path that is too long for one call",
    "src/cardcat/storage/_links.py": "of the seam: links, clones and exchanged names, which no backup makes",
    "src/cardcat/storage/_memory.py": "of the seam: what it asks of the page cache",
    "src/cardcat/storage/_opening.py": "of the seam: how it opens what it reads",
    "src/cardcat/storage/_linux.py": "of the seam: system calls that Python has no function for",
    "src/cardcat/storage/_macos.py": "of the seam: what a Mac does otherwise",
    "src/cardcat/storage/below.py": "of the seam: the way to a file below a folder that is held open",
    "src/cardcat/storage/locks.py": "asks the kernel which locks are held (/proc)",
    "src/cardcat/storage/medium.py": "asks the kernel which device a file is on (/sys), for the seam",
    "src/cardcat/storage/mounts.py": "asks the kernel what is mounted where (/proc)",
    "src/cardcat/storage/disks.py": "asks the kernel which disk a device is on (/sys)",
    "src/cardcat/storage/readers.py": "asks the kernel what is in which card reader (/sys)",
    "src/cardcat/storage/quick/ahead.py": "gives hints of what will be read, and reads nothing",
    "src/cardcat/storage/quick/digests.py": "reads for a search by millions, which is no backup",
    "src/cardcat/storage/quick/listing.py": "lists for a search by millions, which is no backup",
    "src/cardcat/storage/roots.py": "looks for the drives of a rebuild, which is no backup",
    "src/cardcat/storage/volumes.py": "asks the kernel which volume a folder is on",
}
"""What looks at files beside the seam, and why. Nothing of it writes."""

PARTS = ("stages", "storage")
ALSO = ("backup.py", "claims.py", "run.py")

_OS = set(
    "access chmod close copy_file_range fchmod fdatasync fstat fsync ftruncate link listdir lseek lstat "
    "makedirs mkdir open posix_fadvise posix_fallocate pread preadv pwrite pwritev read readlink readv "
    "remove rename replace rmdir scandir sendfile stat statvfs symlink sync truncate unlink utime walk "
    "write writev".split()
)
_OS_PATH = set("exists lexists getsize getmtime isfile isdir islink ismount realpath samefile".split())
_PATH = set(
    "chmod exists glob hardlink_to is_dir is_file is_mount is_symlink iterdir lstat mkdir open read_bytes "
    "read_text readlink rename replace resolve rglob rmdir samefile stat symlink_to touch unlink write_bytes "
    "write_text".split()
)


def does_io(call: ast.Call) -> bool:
    """Whether a call does something to a file by itself, as far as its words tell."""
    name, verb = ast.unparse(call.func), verb_of(call)
    module, _, function = name.rpartition(".")
    if module in {"os", "os.path", "shutil", "fcntl", ""}:
        return function in {"os": _OS, "os.path": _OS_PATH, "": {"open"}}.get(module, {function})
    asks_the_seam = module.rpartition(".")[2].lstrip("_") == "disk" or "disk()" in module.lower()
    words = len(call.args) + len(call.keywords)
    is_text = verb == "replace" and words > 1  # of a text, or of a dataclass
    return verb in _PATH and not asks_the_seam and not is_text


def test_nothing_of_a_backup_goes_past_the_seam() -> None:
    paths = [path for part in PARTS for path in files(PACKAGE / part)] + [PACKAGE / name for name in ALSO]
    found = {
        name_of(path): f"{name_of(path)}:{node.lineno} calls {ast.unparse(node.func)}"
        for path in paths
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and does_io(node) and name_of(path) != SEAM
    }
    lines = [f"  {said}" for name, said in found.items() if name not in OUTSIDE]
    assert not lines, "\n".join(
        ["Do it through storage.disk.Disk, or give the reason in OUTSIDE and in docs/faults.md:", *lines]
    )
    assert set(OUTSIDE) <= set(found), "these keep to the seam by now: take them out of OUTSIDE"


@pytest.mark.parametrize(
    "text", ["os.open(p, 0)", "open(p)", "path.stat()", "shutil.rmtree(p)", "a.b.unlink()"]
)
def test_the_words_of_file_operations_are_known(text: str) -> None:
    (call,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    assert does_io(call)


def test_each_operation_of_the_seam_can_fail_in_the_table() -> None:
    """A new method of Disk is a new step, or made of others."""
    methods = {name for name, _ in inspect.getmembers(Disk, inspect.isfunction) if not name.startswith("_")}
    assert methods == {*OPERATIONS, *COMPOSED}

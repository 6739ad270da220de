"""The Parquet files of a snapshot: each has some rows of a table, and their hash in its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from cardcat.catalog.arrow import Chunk, Reader, Same

_FORM = b"1"  # of the files; another one gives them other names
_ALL_DIFFERENT = set("hash cas_id xxh3_128 sample_hash media_file_hash name path source_path uuid".split())


@dataclass(frozen=True, slots=True)
class Part:
    """
    One file, and what it looked like when it was written.

    *pages* is the hash of what its rows were stored in, as in `Chunk`; *digest* that of the file.
    """

    name: str
    size: int
    mtime_ns: int
    pages: str | None
    digest: str

    @property
    def key(self) -> int:
        """Which part of the table it is."""
        return int(self.name.rpartition("-")[0])

    def require(self, folder: Path) -> None:
        """OSError if the file in *folder* is not there, or ValueError if it is not as it was written."""
        _ = self.key  # ValueError if it has none
        require(folder / self.name, self.size, self.mtime_ns)

    def is_whole(self, folder: Path) -> bool:
        """Whether the file in *folder* can be read, and every byte of it is what was written."""
        try:
            return digest_of(folder / self.name) == self.digest
        except OSError:
            return False

    def fields(self) -> tuple[str, int, int, str | None, str]:
        """What an index keeps of it."""
        return self.name, self.size, self.mtime_ns, self.pages, self.digest


def write(
    reader: Reader, table: str, folder: Path, known: Sequence[Part], made: list[Path]
) -> Iterator[Part]:
    """
    Write what is not *known* yet of a table below *folder*, and name all its files in order.

    Each file that is written is added to *made*, before that is done.
    """
    have = {part.key: part for part in known}
    place = folder / table
    place.mkdir(exist_ok=True)
    for chunk in reader.chunks(table, {key: part.pages for key, part in have.items()}):
        if isinstance(chunk, Same):
            yield have[chunk.key]
            continue
        name, before = _name(chunk), have.get(chunk.key)
        if before and before.name == name:
            yield replace(before, pages=chunk.pages)
        else:
            yield _written(chunk, place / name, made)


def require(file: Path, size: object, mtime_ns: object) -> None:
    """OSError if *file* is not there, or ValueError if it does not look as it did when it was written."""
    found = file.stat()
    if (found.st_size, found.st_mtime_ns) != (size, mtime_ns):
        raise ValueError(f"{file.name} is not what was written")


def digest_of(file: Path) -> str:
    """The hash of all bytes of *file*. OSError if it can't be read."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, xxhash.xxh3_128).hexdigest()


@contextmanager
def placed(file: Path) -> Iterator[Path]:
    """A temporary name; what is there at the end is on the disk as a whole under the name *file*."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        yield partial
        descriptor = os.open(partial, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _written(chunk: Chunk, file: Path, made: list[Path]) -> Part:
    made.append(file)
    with placed(file) as partial:
        pq.write_table(
            chunk.rows,
            partial,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in chunk.rows.column_names if name not in _ALL_DIFFERENT],
        )
    found = file.stat()
    return Part(file.name, found.st_size, found.st_mtime_ns, chunk.pages, digest_of(file))


def _name(chunk: Chunk) -> str:
    """
    The name of the file for *chunk*, with the hash of what was read in it.

    That is every buffer of every column, and what the columns are.
    """
    state = xxhash.xxh3_128(_FORM + str(chunk.rows.schema).encode())
    for column in chunk.read.columns:
        for piece in column.chunks:
            state.update(f"{piece.type} {len(piece)} {piece.null_count}".encode())
            state.update(_which_are_null(piece))
            for buffer in piece.buffers()[1:]:
                state.update(b"-" if buffer is None else buffer)
    return f"{chunk.key:06}-{state.hexdigest()}.parquet"


def _which_are_null(piece: pa.Array) -> bytes:
    """A bit a value, if any is NULL; behind the last one the driver leaves what was there."""
    bits = piece.buffers()[0]
    if bits is None or not piece.null_count:
        return b""
    whole, rest = divmod(len(piece), 8)
    found = bytes(bits)
    return found[:whole] + bytes([found[whole] & ((1 << rest) - 1)] if rest else [])

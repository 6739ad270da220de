"""What has changed in a folder since the catalog last knew it: one walk, compared with the rows on record."""

from __future__ import annotations

import os
from typing import cast

import polars as pl

from cardcat.catalog.engine import Catalog
from cardcat.catalog.library_rows import library_files, library_folders
from cardcat.frames import path_column
from cardcat.indexing.job import Changes, Gone, Job
from cardcat.model import Kind, Presence, Role, Stage
from cardcat.plan.structures import group_files
from cardcat.reporting import Reporter
from cardcat.storage.tree import Tree, unseen_below, walk_tree

_IN_QUESTION = (Presence.PRESENT.value, Presence.UNAVAILABLE.value)
_MEDIA = ("image", "video")
_FILES: dict[str, type[pl.DataType]] = {
    "id": pl.Int64,
    "folder_id": pl.Int64,
    "name": pl.Binary,
    "size": pl.Int64,
    "mtime_ns": pl.Int64,
    "role": pl.String,
    "status": pl.String,
    "content_id": pl.Int64,
    "kind": pl.String,
    "is_inspected": pl.Int64,
}


def look(job: Job) -> None:
    """
    Walk the folder, compare, and put what is to be done into *job*. SourceError if the folder is gone.

    Its *work* has a row for each file to be recorded: `group`, `folder` and `name` (exact bytes), `size`,
    `mtime_ns`, `id` (its row, null for a new one), `content_id` (that of an unchanged file, of which only the
    metadata is wanted), `is_same`, `is_companion` (it is only read for what it says of others), `came_from`
    (the row of a folder that may have come here as a whole).
    """
    run = job.run
    run.reporter.begin(Stage.SCAN, files=0, size=0)
    tree = walk_tree(
        job.root, run.disk, job.rules, below=job.place.below, own=job.place.own, files=job.left_alone()
    )
    _tell(tree, run.reporter)
    job.changes, job.work = _compare(job, tree)
    job.findings += tree.findings
    for id_, folder, name, content in job.changes.gone.rows():
        if content is not None:
            job.know_gone(Gone(id_, folder, name, content))
    run.reporter.advance(files=job.changes.files, size=job.changes.size)


def _tell(tree: Tree, reporter: Reporter) -> None:
    for path in tree.destinations:
        reporter.note(f"{path or 'The folder'} is a destination of backups: it was left alone.")
    for path in tree.mounted:
        reporter.note(f"Another filesystem is mounted at {path}: it was left alone. Index it by itself.")


def _compare(job: Job, tree: Tree) -> tuple[Changes, pl.DataFrame]:
    folders, known = _known(job)
    found = _found(tree, folders)
    absent = _absent(known, folders, found, tree)
    gone = absent.filter(pl.col("status").is_in(_IN_QUESTION))
    files_in = known.group_by(came_from="folder_id").agg(pl.len())
    ours = _ours(found, known)
    del found, known  # of a million files they take a lot of memory
    todo = ours.filter(_is_wanted(job))
    work = _work(job, todo, ours, _moved_folders(todo, gone, files_in))
    sizes = work.filter(pl.col("content_id").is_null() & job.mode.reads)["size"]
    changes = Changes(
        files=len(tree.names),
        size=sum(tree.sizes),
        left_out=tree.excluded,
        to_read=len(sizes),
        bytes_to_read=int(sizes.sum()),
        gone=gone.select("id", "folder_id", "name", "content_id"),
        back=ours.filter(pl.col("is_same") & (pl.col("status") != Presence.PRESENT.value))["id"].to_list(),
        still_gone=absent.filter(pl.col("status") == Presence.MISSING.value)["id"].to_list(),
        new=ours["id"].null_count(),
        changed=ours.filter(pl.col("id").is_not_null() & ~pl.col("is_same")).height,
        unchanged=int(ours["is_same"].sum()),
        new_folders=_new_folders(tree, folders),
        stale_folders=_stale(folders, tree)["id"].to_list(),
    )
    return changes, work


def _ours(found: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What was found but for copies of backups, with what is known of it, and whether it still is that."""
    beside = known.rename({"size": "known_size", "mtime_ns": "known_mtime_ns"})
    met = found.join(beside, on=["folder_id", "name"], how="left", maintain_order="left")
    is_same = (pl.col("size") == pl.col("known_size")) & (pl.col("mtime_ns") == pl.col("known_mtime_ns"))
    return (
        met.with_columns(is_same=is_same.fill_null(value=False))
        .drop("known_size", "known_mtime_ns")
        .filter(pl.col("role").is_null() | (pl.col("role") == Role.LIBRARY.value))
    )


def _is_wanted(job: Job) -> pl.Expr:
    """Whether a file is to be recorded: by the mode also one that an earlier index did not read."""
    wanted = ~pl.col("is_same")
    if job.mode.reads:
        wanted |= pl.col("content_id").is_null()
    if job.is_deep:
        wanted |= pl.col("kind").is_in(_MEDIA) & (pl.col("is_inspected") == 0)
    return wanted.fill_null(value=False)


# -- what is there, and what is on record --------------------------------------------------------------


def _found(tree: Tree, folders: pl.DataFrame) -> pl.DataFrame:
    """Each file with the `folder_id` that its folder has in *folders*, null for a new one."""
    walked = pl.DataFrame({"folder": path_column(tree.folders)})
    walked = walked.join(
        folders.select("folder", folder_id="id"), on="folder", how="left", maintain_order="left"
    )
    return walked.select(pl.all().gather(pl.Series(tree.folder, dtype=pl.UInt32))).with_columns(
        path_column(tree.names).alias("name"),
        pl.Series("size", tree.sizes, dtype=pl.Int64),
        pl.Series("mtime_ns", tree.mtimes_ns, dtype=pl.Int64),
    )


def _known(job: Job) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The folders of the place that are on record (`id`, `folder`), and the files in them."""
    catalog, location = job.run.catalog, job.place.location_id
    if catalog is None or location is None:
        return pl.DataFrame(schema={"id": pl.Int64, "folder": pl.Binary}), pl.DataFrame(schema=_FILES)
    folders, files = on_record(catalog, location)
    folders = folders.select("id", folder=exact("path"))
    if job.place.below:
        top = os.fsencode(job.place.below)
        is_in = (pl.col("folder") == top) | pl.col("folder").bin.starts_with(top + b"/")
        folders = folders.filter(is_in)
        files = files.join(folders.select(folder_id="id"), on="folder_id", how="semi")
    return folders, files.with_columns(name=exact("name")).select(*_FILES).cast(pl.Schema(_FILES))


def on_record(catalog: Catalog, location_id: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The folders and the files of a location, as of one moment (`catalog.library_rows`)."""
    with catalog.read() as c:
        folders, files = library_folders(c, location_id), library_files(c, location_id)
    return cast("pl.DataFrame", pl.from_arrow(folders)), cast("pl.DataFrame", pl.from_arrow(files))


def exact(column: str) -> pl.Expr:
    """The true bytes of a name that is kept as a text and, where that is not exact, as bytes."""
    raw = pl.col(f"{column}_raw")
    return pl.when(raw.bin.size() > 0).then(raw).otherwise(pl.col(column).cast(pl.Binary))


def _absent(known: pl.DataFrame, folders: pl.DataFrame, found: pl.DataFrame, tree: Tree) -> pl.DataFrame:
    """Rows whose file is certain not to be there: what was not looked at says nothing."""
    candidates = (
        known.filter(
            (pl.col("role") == Role.LIBRARY.value)
            & pl.col("status").is_in([*_IN_QUESTION, Presence.MISSING.value])
        )
        .select("id", "folder_id", "name", "size", "mtime_ns", "content_id", "status")
        .join(found, on=["folder_id", "name"], how="anti")
    )
    seen = folders.filter(~_is_unseen(folders, tree))
    candidates = candidates.join(seen.select("folder", folder_id="id"), on="folder_id")
    parts = [path.rpartition("/") for path in tree.unseen_files]
    skipped = pl.DataFrame(
        {
            "folder": path_column(folder for folder, _, _ in parts),
            "name": path_column(name for _, _, name in parts),
        }
    )
    return candidates.join(skipped, on=["folder", "name"], how="anti")


def _is_unseen(folders: pl.DataFrame, tree: Tree) -> pl.Series:
    paths = [os.fsdecode(path) for path in folders["folder"]]
    return pl.Series(unseen_below(paths, tree.unseen), dtype=pl.Boolean)


def _new_folders(tree: Tree, folders: pl.DataFrame) -> list[str]:
    walked = pl.DataFrame({"folder": path_column(tree.folders)})
    return [os.fsdecode(path) for path in walked.join(folders, on="folder", how="anti")["folder"]]


def _stale(folders: pl.DataFrame, tree: Tree) -> pl.DataFrame:
    walked = pl.DataFrame({"folder": path_column(tree.folders)})
    left = folders.join(walked, on="folder", how="anti")
    return left.filter(~_is_unseen(left, tree))


# -- what is to be read, in which order ----------------------------------------------------------------


def _moved_folders(todo: pl.DataFrame, gone: pl.DataFrame, files_in: pl.DataFrame) -> pl.DataFrame:
    """
    New folders that may be old ones under another name: `folder`, and the row that it `came_from`.

    By the names, sizes and times of all that is in them (*files_in*: how many of each `came_from`), and if
    there is only one such pair: whether it is so, the bytes tell.
    """
    mark = pl.struct("name", "size", "mtime_ns").hash().sum().alias("mark")
    before = gone.group_by("folder_id").agg(mark, pl.len()).rename({"folder_id": "came_from"})
    before = before.join(files_in, on=["came_from", "len"], how="semi").unique(["mark", "len"], keep="none")
    after = todo.filter(pl.col("folder_id").is_null()).group_by("folder").agg(mark, pl.len())
    after = after.unique(["mark", "len"], keep="none")
    return after.join(before, on=["mark", "len"]).select("folder", "came_from")


def _work(job: Job, todo: pl.DataFrame, ours: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """The files to be recorded, groups together, each with what else of its group tells of it."""
    rows = pl.concat([todo.with_columns(is_companion=pl.lit(value=False)), _companions(job, todo, ours)])
    paths = [
        os.fsdecode(b"%b/%b" % (folder, name) if folder else name)
        for folder, name in rows.select("folder", "name").iter_rows()
    ]
    rows = rows.with_columns(group=pl.Series(group_files(paths), dtype=pl.UInt32))
    rows = rows.filter((~pl.col("is_companion")).any().over("group"))
    rows = rows.join(moved, on="folder", how="left", maintain_order="left")
    together = (
        pl.when(pl.col("came_from").is_null()).then("group").otherwise(pl.col("group").min().over("folder"))
    )
    return (
        rows.with_columns(
            group=together, content_id=pl.when(pl.col("is_same")).then("content_id")
        )
        .sort("group", maintain_order=True)
        .select(
            "group", "folder", "name", "size", "mtime_ns", "id", "content_id",
            "is_same", "is_companion", "came_from",
        )
    )  # fmt: skip


def _companions(job: Job, todo: pl.DataFrame, ours: pl.DataFrame) -> pl.DataFrame:
    """The unchanged sidecars in the folders of what is read: a new film takes from them what it lacks."""
    is_sidecar = (pl.col("kind") == Kind.SIDECAR.value) if job.is_deep else pl.lit(value=False)
    beside = ours.filter(is_sidecar & pl.col("is_same") & pl.col("content_id").is_not_null())
    return beside.join(todo.select("folder").unique(), on="folder", how="semi").with_columns(
        is_companion=pl.lit(value=True)
    )

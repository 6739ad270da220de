"""The folders of all locations as numbered trees: everything below a folder is one range of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

NUMBER = pl.Int32
"""Of nodes, folders and contents: half the memory of larger ones."""

FOLDERS = {"folder": NUMBER, "location": pl.Int64, "path": pl.String}
"""What a forest is made of: a row a folder, *path* relative to its location and unlike any other's there."""

TOP = -1  # the parent of a location's topmost tree


@dataclass(frozen=True, slots=True)
class Forest:
    """
    Folders with what was looked for in or below them, location by location, each before those in it.

    *nodes* has one row a folder, in the order of its number: `location`, `path`, `depth`, `parent` and
    `last`, the number of the last folder below it. A folder is no node if one folder below it has all that
    was looked for: that one stands for both. *numbers* says for each folder on record in which node it lies
    (`folder`, `node`); those that lie in none are left out.
    """

    nodes: pl.DataFrame
    numbers: pl.DataFrame

    def sums(self, at: pl.Series, values: pl.Series | None = None) -> pl.Series:
        """For each node the sum of *values* (1 each by default) that stand *at* the nodes of its tree."""
        weights = pl.ones(len(at), dtype=pl.Int64, eager=True) if values is None else values.cast(pl.Int64)
        direct = pl.DataFrame({"node": at, "value": weights}).group_by("node").agg(pl.col("value").sum())
        own = _spread(direct, len(self.nodes))
        return _of_trees(own, self.nodes["last"])

    def climbed(self, start: pl.Series, target: pl.Series) -> pl.Series:
        """For each pair of *start* and a later *target* of its location, the lowest folder that has both."""
        found = pl.DataFrame({"row": range(0), "node": []}, schema={"row": pl.UInt32, "node": NUMBER})
        left = pl.DataFrame({"node": start, "target": target}).with_row_index("row")
        done = [found]
        while len(left):
            is_done = self.nodes["last"].gather(left["node"]) >= left["target"]
            done.append(left.filter(is_done).select("row", "node"))
            left = left.filter(~is_done)
            left = left.with_columns(node=self.nodes["parent"].gather(left["node"]))
        return pl.concat(done).sort("row")["node"]


def grown(folders: pl.DataFrame, holders: pl.DataFrame) -> Forest:
    """
    The forest of *folders* (as `FOLDERS`); *holders* says how many files each `folder` has (`holders`).

    A folder with several of those below it is a node, and so is each of those.
    """
    every = _with_parents(folders.select(list(FOLDERS)))
    nodes = every.with_columns(last=_last(every))
    numbers = nodes.filter(pl.col("folder").is_not_null()).select("folder", "node")
    held = holders.join(numbers, on="folder")
    counts = Forest(nodes, numbers).sums(held["node"], held["holders"])
    return _compacted(nodes, numbers, counts)


def _with_parents(folders: pl.DataFrame) -> pl.DataFrame:
    """*folders* with those that only their paths tell of, numbered in order: `node`, `parent`, `depth`."""
    every, new = folders, folders
    while len(new):
        above = new.filter(pl.col("path") != "").select("location", path=_above())
        new = above.unique().join(every, on=["location", "path"], how="anti")
        new = new.select(pl.lit(None, NUMBER).alias("folder"), "location", "path")
        every = every.vstack(new)
    order = pl.col("path").str.replace_all("/", "\0", literal=True)  # a folder's own come before its kin
    depth = pl.when(pl.col("path") == "").then(0).otherwise(pl.col("path").str.count_matches("/") + 1)
    nodes = every.sort("location", order).with_columns(depth=depth.cast(NUMBER))
    nodes = nodes.with_row_index("node").cast({"node": NUMBER})
    parents = nodes.select("location", pl.col("node").alias("parent"), pl.col("path").alias("above"))
    return (
        nodes.with_columns(above=pl.when(pl.col("path") != "").then(_above()))
        .join(parents, on=["location", "above"], how="left", maintain_order="left")
        .with_columns(pl.col("parent").fill_null(TOP))
        .drop("above")
    )


def _above() -> pl.Expr:
    return pl.col("path").str.replace(r"/?[^/]*$", "")


def _last(nodes: pl.DataFrame) -> pl.Series:
    """The number of the last folder below each one, itself if there is none."""
    last = nodes.select("node", last="node")
    for depth in sorted(nodes["depth"].unique(), reverse=True)[:-1]:
        below = nodes.filter(pl.col("depth") == depth).select("node", "parent").join(last, on="node")
        highest = below.group_by("parent").agg(pl.col("last").max())
        last = last.update(highest.rename({"parent": "node"}), on="node")
    return last.sort("node")["last"]


def _compacted(nodes: pl.DataFrame, numbers: pl.DataFrame, counts: pl.Series) -> Forest:
    """Only the folders whose tree has any of what was counted, and not all of it in one folder below."""
    whole = nodes.with_columns(files=counts)
    most = whole.filter(pl.col("parent") != TOP).group_by("parent").agg(pl.col("files").max().alias("most"))
    whole = whole.join(most, left_on="node", right_on="parent", how="left", maintain_order="left")
    keep = whole.select((pl.col("files") > 0) & (pl.col("files") > pl.col("most").fill_null(0))).to_series()
    new = keep.cast(NUMBER).cum_sum() - 1  # of one that goes: the last before it that stays
    parent = _kept(nodes["parent"], nodes["parent"], keep)
    kept = nodes.with_columns(last=new.gather(nodes["last"]), parent=parent, node=new).filter(keep)
    above = kept["parent"]
    renumbered = pl.select(
        pl.when(above == TOP).then(pl.lit(TOP, NUMBER)).otherwise(new.gather(above.clip(0)))
    ).to_series()
    kept = kept.with_columns(parent=renumbered).select("location", "path", "depth", "parent", "last")
    nearest = numbers.with_columns(node=_kept(numbers["node"], nodes["parent"], keep))
    nearest = nearest.filter(pl.col("node") != TOP)
    return Forest(kept, nearest.with_columns(node=new.gather(nearest["node"])))


def _kept(found: pl.Series, parent: pl.Series, keep: pl.Series) -> pl.Series:
    """Each of *found* or the lowest above it that is to *keep*."""
    while True:
        goes = (found != TOP) & ~keep.gather(found.clip(0))
        if not goes.any():
            return found
        found = pl.select(pl.when(goes).then(parent.gather(found.clip(0))).otherwise(found)).to_series()


def _spread(sparse: pl.DataFrame, size: int) -> pl.Series:
    every = pl.select(node=pl.int_range(size, dtype=NUMBER))
    return every.join(sparse, on="node", how="left", maintain_order="left")["value"].fill_null(0)


def _of_trees(own: pl.Series, last: pl.Series) -> pl.Series:
    """The sum of each tree from that of each folder alone."""
    upto = own.cum_sum()
    return upto.gather(last) - upto + own

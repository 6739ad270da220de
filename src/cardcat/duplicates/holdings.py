"""Which folder holds which contents, so that millions of questions about it are answered at once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cardcat.duplicates.forest import NUMBER, Forest, grown

FILES = {
    "folder": NUMBER,
    "content": NUMBER,  # null: the file was not read, so it may be anything
    "is_media": pl.Boolean,
    "is_shot": pl.Boolean,  # media, and not the film of a Live Photo, which is one shot with its photo
}
"""One row a file."""

SUMS = {
    "folder": NUMBER,
    "files": pl.Int64,
    "bytes": pl.Int64,
    "exports": pl.Int64,  # of the files, those that another program exported
    "unread": pl.Int64,  # files of which nobody knows what they are
}
"""What each folder has in it, without those below; files and bytes of photos and films, each copy."""

_SHIFT = 1 << 32
_NO_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Holdings:
    """
    The contents of every node of *forest*.

    *rows* has one row for each content in each node, by content, then node: `node`, `content`, `is_media`,
    `location`, which is its place in the order of locations. *trees* says of each node what is in its whole
    tree: the columns of `SUMS`, and how many different `media` and `shots` there are.
    """

    forest: Forest
    rows: pl.DataFrame
    keys: pl.Series
    trees: pl.DataFrame

    def are_between(self, contents: pl.Series, first: pl.Series, last: pl.Series) -> pl.Series:
        """For each of *contents* whether any of the nodes from *first* to *last* holds it."""
        base = contents.cast(pl.Int64) * _SHIFT
        found = self.keys.gather(self.keys.search_sorted(base + first, side="left"))
        return (first <= last) & (found <= base + last)

    def of_trees(self, nodes: pl.Series) -> pl.DataFrame:
        """What is in the trees of *nodes*, of which none lies in another: `tree`, `content`, `is_media`."""
        return self.within(nodes).select("tree", "content", "is_media").unique()

    def within(self, nodes: pl.Series) -> pl.DataFrame:
        """The *rows* of these trees, each with its `tree`."""
        ranges = pl.DataFrame({"tree": nodes.sort()})
        ranges = ranges.with_columns(last=self.forest.nodes["last"].gather(ranges["tree"]))
        every = pl.select(node=pl.int_range(len(self.forest.nodes), dtype=NUMBER))
        below = every.join_asof(ranges, left_on="node", right_on="tree", coalesce=False)
        of_node = below.select(pl.when(pl.col("node") <= pl.col("last")).then("tree")).to_series()
        return self.rows.with_columns(tree=of_node.gather(self.rows["node"])).drop_nulls("tree")


def held(folders: pl.DataFrame, files: pl.DataFrame, sums: pl.DataFrame) -> Holdings:
    """The holdings of *files* (as `FILES`) in *folders* (as `forest.FOLDERS`), with their *sums* (`SUMS`)."""
    counted = sums.filter((pl.col("files") > 0) | (pl.col("unread") > 0))
    forest = grown(folders, counted.select("folder", holders=pl.col("files") + pl.col("unread")))
    rows = _rows(forest, files)
    here = counted.join(forest.numbers, on="folder")
    whole = {name: forest.sums(here["node"], here[name]) for name in list(SUMS)[1:]}
    trees = pl.DataFrame(
        {
            **whole,
            "media": _different(forest, rows.filter("is_media")),
            "shots": _different(forest, rows.filter("is_shot")),
        }
    )
    keys = rows.select(pl.col("content").cast(pl.Int64) * _SHIFT + pl.col("node")).to_series()
    keys = keys.append(pl.Series([_NO_KEY], dtype=pl.Int64))
    return Holdings(forest, rows.drop("is_shot"), keys, trees)


def _rows(forest: Forest, files: pl.DataFrame) -> pl.DataFrame:
    node, place = _by_folder(forest), forest.nodes["location"].rle_id().cast(pl.Int16)
    known = files.filter(pl.col("content").is_not_null() & (pl.col("folder") < len(node)))
    rows = (
        known.select("content", "is_media", "is_shot", node=node.gather(known["folder"]))
        .drop_nulls("node")
        .unique(["content", "node"])
        .sort("content", "node")
    )
    return rows.with_columns(location=place.gather(rows["node"]))


def _by_folder(forest: Forest) -> pl.Series:
    """The node of each folder, in the place of the folder's number; null for those in none."""
    highest = forest.numbers["folder"].cast(pl.Int64).max()
    every = pl.select(folder=pl.int_range(int(str(highest or 0)) + 1, dtype=NUMBER))
    return every.join(forest.numbers, on="folder", how="left", maintain_order="left")["node"]


def _different(forest: Forest, rows: pl.DataFrame) -> pl.Series:
    """How many contents each tree has: each holder counts one, and where two of them meet, one less."""
    is_same = pl.all_horizontal(pl.col(name).shift(-1) == pl.col(name) for name in ("content", "location"))
    pairs = rows.select("node", is_same.alias("is_same"), target=pl.col("node").shift(-1)).filter("is_same")
    return forest.sums(rows["node"]) - forest.sums(forest.climbed(pairs["node"], pairs["target"]))

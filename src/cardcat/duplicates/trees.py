"""
Folders of which every photo and film is in another folder too: one finding instead of ten thousand.

All of it is decided for whole columns at once. Work and memory grow with the number of files, however many
pairs of folders have something in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from cardcat.duplicates.forest import NUMBER, TOP
from cardcat.duplicates.holdings import Holdings, held
from cardcat.duplicates.partners import outside, partners, places

_FEWEST = 2  # shots of a folder that is worth a finding: a single photo is a file
_BITS = 62  # locations that one number tells apart

PAIRS = {
    "pair": pl.Int64,
    "location": pl.Int64,
    "path": pl.String,
    "other_location": pl.Int64,
    "other_path": pl.String,
    "kind": pl.String,
    "files": pl.Int64,
    "bytes": pl.Int64,
    "others": pl.Int64,
    "is_export": pl.Boolean,
    "other_is_export": pl.Boolean,
}
_NO_PAIRS = {"tree": NUMBER, "other": NUMBER, "is_equal": pl.Boolean, "within": pl.Boolean}


@dataclass(frozen=True, slots=True)
class Trees:
    """
    What was found, in *pairs* one row a finding, the largest first.

    `pair` is its number; `location` and `path` tell the folder, `other_location` and `other_path` the one
    that has all of it; `kind` is `equal`, `contained`, or `within` if the folder lies in the other one.
    `files` and `bytes` are of its photos and films, each copy; `others` are its other files that the other
    folder lacks; `is_export` and `other_is_export` say that the media of the one and of the other were all
    exported. *contents* are the media of each pair: `content`, `pair`.
    """

    pairs: pl.DataFrame
    contents: pl.DataFrame


def tree_pairs(folders: pl.DataFrame, files: pl.DataFrame, sums: pl.DataFrame) -> Trees:
    """
    The topmost *folders* (`forest.FOLDERS`) of which every medium of *files* (`FILES`) is in another one.

    *sums* (`SUMS`) are of the same files.

    The other folder is the smallest that has them all. A folder that the first lies in counts if it has each
    file in the same place, outside of the first. Of two that are equal one is named: the one that lies
    deeper, or comes later. A folder with a file that was not read is none.
    """
    holdings = held(folders, files, sums)
    found = _one_of_two(holdings, _topmost(holdings))
    return _told(holdings, found)


def _topmost(holdings: Holdings) -> pl.DataFrame:
    """The topmost trees that are elsewhere as a whole, with where: `_NO_PAIRS`."""
    nodes, trees = holdings.forest.nodes, holdings.trees
    is_read = (trees["unread"] == 0) & (trees["shots"] >= _FEWEST)
    elsewhere = [(location, is_read & has_all) for location, has_all in _elsewhere(holdings)]
    may_be = pl.repeat(value=False, n=len(nodes), dtype=pl.Boolean, eager=True)
    for _, has_all in elsewhere:
        may_be = may_be | has_all
    has_above = nodes["parent"] != TOP
    is_top = may_be & ~(may_be.gather(nodes["parent"].clip(0)) & has_above)
    found = [pl.DataFrame(schema=_NO_PAIRS)]
    while is_top.any():
        tops = is_top.arg_true().cast(NUMBER)
        found.append(partners(holdings, tops, _allowed(tops, elsewhere)))
        failed = is_top & ~_are(found[-1]["tree"], len(nodes))
        is_top = may_be & failed.gather(nodes["parent"].clip(0)) & has_above
    return pl.concat(found)


def _allowed(tops: pl.Series, elsewhere: Sequence[tuple[int, pl.Series]]) -> pl.DataFrame:
    """The locations that have all of each of *tops*: `tree`, `location`."""
    none = pl.DataFrame(schema={"tree": NUMBER, "location": pl.Int16})
    return pl.concat(
        [none]
        + [
            pl.DataFrame({"tree": tops.filter(has_all.gather(tops))}).with_columns(
                location=pl.lit(location, pl.Int16)
            )
            for location, has_all in elsewhere
        ]
    )


def _are(nodes: pl.Series, size: int) -> pl.Series:
    """For each node whether it is one of *nodes*."""
    return pl.select(pl.int_range(size, dtype=NUMBER).is_in(nodes.implode())).to_series()


def _elsewhere(holdings: Holdings) -> Iterator[tuple[int, pl.Series]]:
    """For each location by its place: of each tree, whether all its media are there, outside of it."""
    forest = holdings.forest
    media = holdings.rows.filter("is_media")
    place = forest.nodes["location"].rle_id().cast(pl.Int16)
    spans = media.group_by("content", "location").agg(first=pl.col("node").min(), last=pl.col("node").max())
    # Where all copies that a location has of a content meet: a tree that has this has no other copy there.
    closed = forest.sums(forest.climbed(spans["first"], spans["last"])) > 0
    several = place.n_unique()
    for base in range(0, several, _BITS):
        masks = _masks(media, spans, base, len(forest.nodes))
        for at in range(min(_BITS, several - base)):
            lacks = (masks & (1 << at)) == 0
            has_all = forest.sums(lacks.arg_true().cast(NUMBER)) == 0
            yield base + at, has_all & ~((place == base + at) & closed)


def _masks(media: pl.DataFrame, spans: pl.DataFrame, base: int, size: int) -> pl.Series:
    """For each node the locations from *base* on, as bits, that have every one of its media."""
    bit = pl.lit(2, pl.Int64).pow(pl.col("location") - base).cast(pl.Int64)
    near = spans.filter(pl.col("location").is_between(base, base + _BITS - 1))
    of_content = near.group_by("content").agg(mask=bit.sum())
    known = media.select("node", "content").join(of_content, on="content", how="left")
    of_node = known.group_by("node").agg(pl.col("mask").fill_null(0).bitwise_and())
    every = pl.select(node=pl.int_range(size, dtype=NUMBER))
    return every.join(of_node, on="node", how="left", maintain_order="left")["mask"].fill_null(-1)


def _one_of_two(holdings: Holdings, found: pl.DataFrame) -> pl.DataFrame:
    """Without the first of two equal folders that name each other."""
    back = found.select(pl.col("tree").alias("other"), pl.col("other").alias("tree")).with_columns(
        is_mutual=pl.lit(value=True)
    )
    both = found.join(back, on=["tree", "other"], how="left").with_columns(
        first=places(holdings.forest.nodes, "tree"), second=places(holdings.forest.nodes, "other")
    )
    is_named_there = pl.col("is_mutual").fill_null(value=False) & pl.col("is_equal")
    return both.filter(~(is_named_there & (pl.col("first") < pl.col("second")))).select(list(_NO_PAIRS))


def _told(holdings: Holdings, found: pl.DataFrame) -> Trees:
    contents = holdings.of_trees(found["tree"])
    nodes = holdings.forest.nodes.select("location", "path").hstack(holdings.trees)
    nodes = nodes.with_row_index("tree").cast({"tree": NUMBER})
    here = nodes.select("tree", "location", "path", "files", "bytes", "exports")
    there = nodes.select(
        other="tree", other_location="location", other_path="path", all_files="files", all_exports="exports"
    )
    kind = pl.when("within").then(pl.lit("within")).when("is_equal").then(pl.lit("equal"))
    own = pl.col("within").cast(pl.Int64)
    rest, rest_exported = (
        pl.col("all_files") - own * pl.col("files"),
        pl.col("all_exports") - own * pl.col("exports"),
    )
    pairs = (
        found.join(here, on="tree")
        .join(there, on="other")
        .join(_lacking(holdings, found, contents.filter(~pl.col("is_media"))), on="tree", how="left")
        .with_columns(
            pl.col("others").fill_null(0),
            kind=kind.otherwise(pl.lit("contained")),
            is_export=pl.col("exports") == pl.col("files"),
            other_is_export=rest_exported == rest,
        )
        .sort("bytes", "tree", descending=[True, False])
        .with_row_index("pair")
        .cast({"pair": pl.Int64})
    )
    media = contents.filter("is_media").join(pairs.select("tree", "pair"), on="tree")
    return Trees(pairs.select(list(PAIRS)), media.select("content", "pair"))


def _lacking(holdings: Holdings, found: pl.DataFrame, contents: pl.DataFrame) -> pl.DataFrame:
    """How many of *contents* of each tree are not in the other one."""
    asked = contents.join(found.select("tree", "other"), on="tree")
    is_there = outside(holdings, asked)
    return asked.filter(~is_there).group_by("tree").agg(others=pl.len().cast(pl.Int64))

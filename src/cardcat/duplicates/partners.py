"""For a folder that is elsewhere as a whole: the smallest folder that has all of it."""

from __future__ import annotations

import polars as pl

from cardcat.duplicates.forest import NUMBER, TOP
from cardcat.duplicates.holdings import Holdings

_SEEDS = 16  # copies of a folder's rarest content from which the other folder is looked for
_AT_ONCE = 4_000_000  # questions that are answered in one go, which bounds the memory
_LOW = (1 << 32) - 1


def partners(holdings: Holdings, tops: pl.Series, allowed: pl.DataFrame) -> pl.DataFrame:
    """
    For those of *tops* that have one, the folder with all their media: `tree`, `other`, `is_equal`, `within`.

    It is the smallest. One that the top lies in counts only if it has each file in the same place, outside
    of the top: what is scattered there was not copied from it. *allowed* names the locations (`tree`,
    `location`) that have all media. The search begins at copies of the rarest content, so work grows with
    the files of *tops*. Of a content with more than 16 copies it begins at the first 16: then a smaller
    folder may exist.
    """
    contents = holdings.of_trees(tops).filter("is_media").select("tree", "content").sort("tree")
    asked = _enough(holdings, _seeds(holdings, contents, allowed))
    done = [asked.clear()]
    while len(asked):
        has_all = _in_place(holdings, _have_all(holdings, contents, asked))
        done.append(asked.join(has_all, on=["tree", "other"]))
        left = asked.join(has_all, on=["tree", "other"], how="anti")
        above = left.with_columns(other=_parents(holdings, left["other"]))
        asked = above.filter(pl.col("other") != TOP).unique()
    return _smallest(holdings, pl.concat(done))


def outside(holdings: Holdings, asked: pl.DataFrame) -> pl.Series:
    """For each row of *asked* whether `content` is in the tree of `other` and outside that of `tree`."""
    last = holdings.forest.nodes["last"]
    tree, other = asked["tree"], asked["other"]
    end, others_end = last.gather(tree), last.gather(other)
    before = pl.select(pl.min_horizontal(others_end, tree - 1)).to_series()
    after = pl.select(pl.max_horizontal(other, end + 1)).to_series()
    found = holdings.are_between(asked["content"], other, before)
    return found | holdings.are_between(asked["content"], after, others_end)


def places(nodes: pl.DataFrame, column: str) -> pl.Expr:
    """How early a node is told of: the one that lies higher, then the one that comes first."""
    return pl.col(column).map_batches(
        lambda node: nodes["depth"].gather(node).cast(pl.Int64) * (_LOW + 1) + node, return_dtype=pl.Int64
    )


def _seeds(holdings: Holdings, contents: pl.DataFrame, allowed: pl.DataFrame) -> pl.DataFrame:
    """For each tree the folders outside of it that hold its rarest content: `tree`, `other`."""
    media = holdings.rows.filter("is_media")
    copies = media.group_by("content").agg(copies=pl.len().cast(pl.Int64))
    rarest = (
        contents.join(copies, on="content")
        .group_by("tree")
        .agg(key=(pl.col("copies") * (_LOW + 1) + pl.col("content")).min())
        .select("tree", content=(pl.col("key") & _LOW).cast(NUMBER))
    )
    found = rarest.join(media.select("content", "location", other="node"), on="content")
    found = found.join(allowed, on=["tree", "location"], how="semi")
    end = holdings.forest.nodes["last"].gather(found["tree"])
    found = found.filter((pl.col("other") < pl.col("tree")) | (pl.col("other") > end))
    order = found.sort("tree", "other").with_columns(at=pl.int_range(pl.len()).over("tree"))
    return order.filter(pl.col("at") < _SEEDS).select("tree", "other")


def _enough(holdings: Holdings, asked: pl.DataFrame) -> pl.DataFrame:
    """The lowest folder from each on upwards that has enough files to hold all of the tree's media."""
    least = holdings.trees["media"].gather(asked["tree"])
    while True:
        is_small = (_files_outside(holdings, asked) < least) & (_parents(holdings, asked["other"]) != TOP)
        if not is_small.any():
            return asked.unique()
        up = _parents(holdings, asked["other"])
        asked = asked.with_columns(
            other=pl.select(pl.when(is_small).then(up).otherwise(asked["other"])).to_series()
        )


def _have_all(holdings: Holdings, contents: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Those of the pairs of which the other folder has all media of the tree."""
    sizes = holdings.trees["media"].gather(asked["tree"])
    batch = sizes.cum_sum() // _AT_ONCE
    found = [asked.clear()]
    for part in asked.with_columns(batch=batch).partition_by("batch", include_key=False):
        rows = part.join(contents, on="tree")
        rows = rows.with_columns(is_there=outside(holdings, rows))
        whole = rows.group_by("tree", "other").agg(pl.col("is_there").all()).filter("is_there")
        found.append(whole.select("tree", "other"))
    return pl.concat(found)


def _in_place(holdings: Holdings, asked: pl.DataFrame) -> pl.DataFrame:
    """Without the pairs of which the other folder has the tree in it, but not each file in the same place."""
    nested = asked.filter(_is_within(holdings, asked))
    if not len(nested):
        return asked
    nodes = holdings.forest.nodes.select("location", "path").with_row_index("node").cast({"node": NUMBER})
    files = holdings.within(nested["tree"].unique()).filter("is_media").select("tree", "node", "content")
    at = files.select("tree", "node").unique().join(nested, on="tree").join(nodes, on="node")
    tops = nodes.select(tree="node", top="path"), nodes.select(other="node", start="path")
    at = at.join(tops[0], on="tree").join(tops[1], on="other")
    inner = pl.col("path").str.slice(pl.col("top").str.len_chars()).str.strip_prefix("/")
    place = pl.concat_str("start", pl.lit("/"), inner).str.strip_prefix("/")
    place = pl.when(inner == "").then("start").otherwise(place)
    at = at.select("tree", "other", "node", "location", path=place)
    at = at.join(nodes.rename({"node": "there"}), on=["location", "path"], how="left")
    rows = files.join(at.select("tree", "other", "node", "there"), on=["tree", "node"])
    there = rows["there"].fill_null(0)
    is_there = holdings.are_between(rows["content"], there, there) & rows["there"].is_not_null()
    astray = rows.filter(~is_there).select("tree", "other").unique()
    return asked.join(astray, on=["tree", "other"], how="anti")


def _smallest(holdings: Holdings, found: pl.DataFrame) -> pl.DataFrame:
    trees, nodes = holdings.trees, holdings.forest.nodes
    tree, other = found["tree"], found["other"]
    within = _is_within(holdings, found)
    is_same = (trees["media"].gather(tree) == trees["media"].gather(other)) & (
        trees["unread"].gather(other) == 0
    )
    return (
        found.with_columns(within=within, is_equal=is_same & ~within, outside=_files_outside(holdings, found))
        .with_columns(place=places(nodes, "other"))
        .sort("tree", "is_equal", "outside", "within", "place", descending=[False, True, False, False, False])
        .unique("tree", keep="first", maintain_order=True)
        .select("tree", "other", "is_equal", "within")
    )


def _files_outside(holdings: Holdings, asked: pl.DataFrame) -> pl.Series:
    files = holdings.trees["files"]
    own = files.gather(asked["tree"]) * _is_within(holdings, asked).cast(pl.Int64)
    return files.gather(asked["other"]) - own


def _is_within(holdings: Holdings, asked: pl.DataFrame) -> pl.Series:
    return (asked["other"] < asked["tree"]) & (
        asked["tree"] <= holdings.forest.nodes["last"].gather(asked["other"])
    )


def _parents(holdings: Holdings, nodes: pl.Series) -> pl.Series:
    return holdings.forest.nodes["parent"].gather(nodes)

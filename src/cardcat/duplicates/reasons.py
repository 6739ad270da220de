"""Why something is there twice: one reason of a fixed list for each duplicate. Pure decisions over frames."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cardcat.duplicates.trees import Trees, tree_pairs
from cardcat.duplicates.why import Why

_FEWEST = 2  # shots that two folders share before a card is thought of
_FINDINGS = {
    "finding": pl.Int64,
    "why": pl.String,
    "kind": pl.String,  # equal, contained, within, or shared: only a part of each is in the other
    "location": pl.Int64,
    "path": pl.String,
    "other_location": pl.Int64,
    "other_path": pl.String,
    "files": pl.Int64,
    "bytes": pl.Int64,
    "others": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Known:
    """
    What the reasons are found from, each frame with the columns of the statement in sql/ of that name.

    *folders*: why_folders, with `path` unlike any other of its location. *files*: why_files. *sums*:
    why_sums. *names*: why_names. *live*: why_live_photos. *sizes*: of contents that may be duplicates
    (`content`, `size`).
    """

    folders: pl.DataFrame
    files: pl.DataFrame
    sums: pl.DataFrame
    names: pl.DataFrame
    live: pl.DataFrame
    sizes: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Explained:
    """
    *findings*: pairs of folders (`_FINDINGS`), the largest first. *contents*: which content each of them is
    about (`content`, `finding`). *reasons*: of each duplicate `content`, `why`, the largest `finding` about
    it (null for none), and the other half of its Live Photo as `partner`, if that is the reason.
    """

    findings: pl.DataFrame
    contents: pl.DataFrame
    reasons: pl.DataFrame


def explained(known: Known) -> Explained:
    """One reason for each content of *known.names*, pairs of folders before single files."""
    films = known.live["film"].unique()
    files = known.files.with_columns(is_shot=pl.col("is_media") & ~pl.col("content").is_in(films.implode()))
    exports = known.folders.select("folder", "is_export")
    sums = known.sums.join(exports, on="folder").with_columns(exports=pl.col("files") * pl.col("is_export"))
    trees = tree_pairs(known.folders, files, sums)
    whole = _with_reasons(trees, known.names)
    shared, members = _imports(known, trees.contents)
    findings, contents = _numbered(whole, trees.contents, shared, members)
    return Explained(findings, contents, _reasons(known, findings, contents))


def _with_reasons(trees: Trees, names: pl.DataFrame) -> pl.DataFrame:
    """The pairs, each with its `why`."""
    is_card = trees.contents.join(names.select("content", "first_folder"), on="content", how="left")
    is_card = is_card.group_by("pair").agg(is_card=pl.col("first_folder").is_not_null().all())
    above, others_above = (pl.col(name).str.replace(r"/?[^/]*$", "") for name in ("path", "other_path"))
    are_kin = (pl.col("kind") == "within") | (
        (pl.col("location") == pl.col("other_location")) & (above == others_above)
    )
    here, there = pl.col("is_export"), pl.col("other_is_export")
    why = (
        pl.when((here != there) | (here & there & are_kin)).then(pl.lit(Why.TAKEOUT.value))
        .when((pl.col("kind") == "contained") & pl.col("is_card")).then(pl.lit(Why.CARD.value))
        .when(pl.col("kind") == "within").then(pl.lit(Why.WITHIN.value))
        .otherwise(pl.lit(Why.TREE.value))
    )  # fmt: skip
    return trees.pairs.join(is_card, on="pair", how="left").with_columns(why=why)


def _imports(known: Known, covered: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs of folders that cameras or imports made, which share shots; and the contents they share."""
    left = known.names.drop_nulls("first_folder").join(covered, on="content", how="anti")
    left = left.join(known.sizes, on="content").with_columns(
        is_shot=~pl.col("content").is_in(known.live["film"].unique().implode())
    )
    key = ["first_folder", "last_folder"]
    pairs = left.group_by(key).agg(
        files=pl.len().cast(pl.Int64), bytes=pl.col("size").sum(), shots=pl.col("is_shot").sum()
    )
    pairs = pairs.filter(pl.col("shots") >= _FEWEST).sort("bytes", *key, descending=[True, False, False])
    pairs = pairs.with_row_index("pair").cast({"pair": pl.Int64})
    places = known.folders.select("folder", "location", "path")
    others = places.rename({"location": "other_location", "path": "other_path"})
    found = (
        pairs.join(places, left_on="last_folder", right_on="folder")
        .join(others, left_on="first_folder", right_on="folder")
        .with_columns(why=pl.lit(Why.CARD.value), kind=pl.lit("shared"), others=pl.lit(0, pl.Int64))
    )
    return found, left.join(pairs.select(*key, "pair"), on=key).select("content", "pair")


def _numbered(
    whole: pl.DataFrame, covered: pl.DataFrame, shared: pl.DataFrame, members: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All findings in one order, and what each is about."""
    parts = [
        frame.with_columns(part=pl.lit(part)).select("part", "pair", *list(_FINDINGS)[1:])
        for part, frame in enumerate((whole, shared))
    ]
    order = ["bytes", "part", "pair"]
    every = pl.concat(parts).sort(order, descending=[True, False, False]).with_row_index("finding")
    every = every.cast({"finding": pl.Int64})
    contents = pl.concat(
        frame.with_columns(part=pl.lit(part)).select("part", "pair", "content")
        for part, frame in enumerate((covered, members))
    )
    about = contents.join(every.select("part", "pair", "finding"), on=["part", "pair"])
    return every.select(list(_FINDINGS)), about.select("content", "finding")


def _reasons(known: Known, findings: pl.DataFrame, contents: pl.DataFrame) -> pl.DataFrame:
    first = contents.group_by("content").agg(pl.col("finding").min())
    found = known.names.select("content", "is_renamed").join(first, on="content", how="left")
    found = found.join(findings.select("finding", found="why"), on="finding", how="left")
    exports = known.folders.filter("is_export").select("folder")
    exported = known.files.join(exports, on="folder", how="semi")["content"].unique()
    found = found.join(_halves(known), on="content", how="left").with_columns(
        is_export=pl.col("content").is_in(exported.implode())
    )
    why = (
        pl.when(pl.col("found").is_not_null()).then("found")
        .when("is_export").then(pl.lit(Why.TAKEOUT.value))
        .when(pl.col("partner").is_not_null()).then(pl.lit(Why.LIVE.value))
        .when("is_renamed").then(pl.lit(Why.RENAMED.value))
        .otherwise(pl.lit(Why.OTHER.value))
    )  # fmt: skip
    partner = pl.when(pl.col("why") == Why.LIVE.value).then("partner")
    return (
        found.with_columns(why=why)
        .with_columns(partner=partner)
        .select("content", "why", "finding", "partner")
    )


def _halves(known: Known) -> pl.DataFrame:
    """For each duplicate that is half of a Live Photo, the other half, if that is a duplicate too."""
    several = known.names.select("content")
    pairs = known.live.join(several, left_on="photo", right_on="content", how="semi")
    pairs = pairs.join(several, left_on="film", right_on="content", how="semi")
    both = pl.concat(
        [
            pairs.select(content="photo", partner="film"),
            pairs.select(content="film", partner="photo"),
        ]
    )
    return both.group_by("content").agg(pl.col("partner").min())

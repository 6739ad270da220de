"""What is there more than once, and what that costs."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="cardcat: duplicates")

with app.setup(hide_code=True):
    from typing import Any

    import altair as alt
    import marimo as mo
    import polars as pl

    from cardcat import text
    from cardcat.notebooks import copies, look, opening, why

    alt.theme.register("cardcat", enable=True)(lambda: look.CHART)
    alt.renderers.set_embed_options(actions=look.ACTIONS)

    BYTES = alt.Axis(labelExpr="format(datum.value, '.3~s') + 'B'", tickCount=5, title=None)
    LIVE = mo.running_in_notebook() and not look.is_kept()  # else nothing answers to clicks


@app.function(hide_code=True)
def bars(frame, name: str, title: str, *, labels: int = 210):
    """Bytes as bars, a bar a row, in the order of the rows; names take so many pixels at most."""
    tips = [
        alt.Tooltip(f"{name}:N"),
        alt.Tooltip("size:Q", format=".3~s", title="bytes"),
        alt.Tooltip("copies:Q", format=","),
    ]
    return (
        alt.Chart(frame, title=title)
        .mark_bar(height={"band": 0.7})
        .encode(
            alt.X("size:Q", axis=BYTES),
            alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=labels)),
            tooltip=tips,
        )
        .properties(width="container", height=alt.Step(24))
    )


@app.cell(hide_code=True)
def style():
    mo.Html(look.STYLE)
    return


@app.cell(hide_code=True)
def opened_catalog():
    # The catalog: `--catalog` if it is given, else CARDCAT_CATALOG, else the usual one. Nothing reaches it.
    # Beside its tables the connection has `drives`, `copies`, `media` and `twice` (see docs/notebooks.md).
    catalog = opening.opened(opening.given(mo.cli_args), "copies", "media", "twice")
    mo.stop(catalog.db is None, mo.Html(catalog.notice))
    mo.stop(
        catalog.count("twice") == 0,
        mo.Html(
            opening.nothing(
                "No photo or film is in a library twice.", "cardcat index ~/Pictures /media/me/DISK"
            )
        ),
    )
    db = catalog.db
    return catalog, db


@app.cell(hide_code=True)
def totals(catalog, db):
    _all = mo.sql(
        f"""
        SELECT count(DISTINCT content_id) AS groups, count(*) AS copies, round(sum(waste))::BIGINT AS wasted,
            (SELECT sum(size)::BIGINT FROM copies SEMI JOIN media USING (content_id) WHERE role = 'library')
                AS held
        FROM twice
        """,
        output=False,
        engine=db,
    )
    total = _all.row(0, named=True)
    mo.vstack(
        [
            mo.md(
                """
                # Duplicates

                Photos and films that are in libraries more than once. Backups do not count: they are
                meant to be there. What is wasted is all copies but one; each copy carries its part of that.
                """
            ),
            mo.hstack(
                [
                    mo.stat(
                        text.count(total["groups"]),
                        label="photos and films",
                        caption="more than once",
                        bordered=True,
                    ),
                    mo.stat(text.count(total["copies"]), label="copies", caption="of these", bordered=True),
                    mo.stat(
                        text.size(total["wasted"]),
                        label="wasted",
                        caption="all copies but one",
                        bordered=True,
                    ),
                    mo.stat(
                        f"{total['wasted'] / max(total['held'], 1):.0%}",
                        label="of the libraries",
                        caption=f"which hold {text.size(total['held'])}",
                        bordered=True,
                    ),
                ],
                widths="equal",
            ),
            mo.Html(look.soft(f"Catalog: {catalog.path}")),
        ]
    )
    return (total,)


@app.cell(hide_code=True)
def filters(db):
    _drives = db.execute(
        "SELECT drive, volume_id FROM drives SEMI JOIN twice USING (volume_id) ORDER BY 1"
    ).fetchall()
    _cameras = db.execute(
        "SELECT camera, camera_id FROM media SEMI JOIN twice USING (content_id)"
        " GROUP BY ALL ORDER BY count(*) DESC, 1"
    ).fetchall()
    _all_drives, _all_cameras = "All drives", "All cameras"
    drive = mo.ui.dropdown(opening.choices(_drives, _all_drives), value=_all_drives, label="Drive")
    camera = mo.ui.dropdown(opening.choices(_cameras, _all_cameras), value=_all_cameras, label="Camera")
    kind = mo.ui.dropdown(
        {"Photos and films": "%", "Photos": "image", "Films": "video"}, value="Photos and films", label="Kind"
    )
    if LIVE:
        _shown = mo.hstack([drive, camera, kind], justify="start", gap=1.5)
    else:
        _shown = mo.Html(
            look.soft("All drives and cameras. To choose, open the page: cardcat notebook duplicates")
        )
    _shown
    return camera, drive, kind


@app.cell(hide_code=True)
def chosen_copies(camera, db, drive, kind):
    # What the filters leave; everything below asks this.
    mo.sql(
        f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT twice.*, media.kind, media.extension, media.camera, media.month, drives.drive
        FROM twice JOIN media USING (content_id) JOIN drives USING (volume_id)
        WHERE {drive.value} IN (0, volume_id) AND {camera.value} IN (0, camera_id)
            AND kind LIKE '{kind.value}'
        """,
        output=False,
        engine=db,
    )
    (chosen,) = db.execute("SELECT count(*), coalesce(round(sum(waste)), 0)::BIGINT FROM chosen").fetchall()
    mo.Html(
        look.soft(f"{text.many(chosen[0], 'copy', 'copies')} chosen, which waste {text.size(chosen[1])}.")
    )
    return (chosen,)


@app.cell(hide_code=True)
def sums(chosen, db):
    mo.stop(chosen[0] == 0, mo.Html(look.notice("None of these", ["The filters leave nothing to show."])))
    by_drive = mo.sql(
        f"""
        SELECT drive, round(sum(waste))::BIGINT AS size, count(*) AS copies
        FROM chosen GROUP BY ALL ORDER BY size DESC, drive LIMIT 12
        """,
        output=False,
        engine=db,
    )
    by_camera = mo.sql(
        f"""
        SELECT camera, round(sum(waste))::BIGINT AS size, count(*) AS copies
        FROM chosen GROUP BY ALL ORDER BY size DESC, camera LIMIT 12
        """,
        output=False,
        engine=db,
    )
    by_kind = mo.sql(
        f"""
        SELECT upper(extension) AS kind, round(sum(waste))::BIGINT AS size, count(*) AS copies
        FROM chosen GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 12
        """,
        output=False,
        engine=db,
    )
    by_folder = mo.sql(
        f"""
        SELECT drive || ': ' || concat_ws('/', nullif(l.path, ''), nullif(d.path, '')) AS folder, size, copies
        FROM (
            SELECT folder_id, drive, round(sum(waste))::BIGINT AS size, count(*) AS copies
            FROM chosen GROUP BY ALL ORDER BY size DESC, folder_id LIMIT 12
        )
        JOIN folders AS d ON d.id = folder_id JOIN locations AS l ON l.id = d.location_id
        ORDER BY size DESC, folder
        """,
        output=False,
        engine=db,
    )
    by_month = mo.sql(
        f"""
        SELECT month, CASE kind WHEN 'image' THEN 'photos' ELSE 'films' END AS kind,
            round(sum(waste))::BIGINT AS size, count(*) AS copies
        FROM chosen WHERE month IS NOT NULL GROUP BY ALL ORDER BY month
        """,
        output=False,
        engine=db,
    )
    return by_camera, by_drive, by_folder, by_kind, by_month


@app.cell(hide_code=True)
def charts(by_camera, by_drive, by_folder, by_kind, by_month):
    _months = (
        alt.Chart(by_month, title="By the month in which they were taken")
        .mark_bar()
        .encode(
            alt.X("yearmonth(month):T", title=None),
            alt.Y("sum(size):Q", axis=BYTES),
            alt.Color("kind:N"),
            tooltip=[
                alt.Tooltip("yearmonth(month):T", title="month"),
                alt.Tooltip("kind:N"),
                alt.Tooltip("size:Q", format=".3~s", title="bytes"),
                alt.Tooltip("copies:Q", format=","),
            ],
        )
        .properties(width="container", height=180)
    )
    mo.vstack(
        [
            mo.md("## Where it is"),
            mo.hstack(
                [bars(by_drive, "drive", "By drive"), bars(by_kind, "kind", "By kind of file")],
                widths="equal",
            ),
            bars(by_folder, "folder", "By folder", labels=460),
            mo.md("## What it is"),
            mo.hstack([bars(by_camera, "camera", "By camera")], widths="equal"),
            _months,
        ],
        gap=1.2,
    )
    return


@app.cell(hide_code=True)
def largest_groups(chosen, db):
    mo.stop(chosen[0] == 0)
    largest = mo.sql(
        f"""
        SELECT row_number() OVER (ORDER BY wasted DESC, x.content_id) AS nr, m.path AS file, x.size,
            x.copies, x.wasted, media.camera, media.taken, x.content_id
        FROM (
            SELECT DISTINCT content_id, size, copies, size * (copies - 1) AS wasted
            FROM chosen ORDER BY wasted DESC, content_id LIMIT 500
        ) AS x
        JOIN media USING (content_id)
        JOIN content_identity AS c ON c.id = x.content_id
        JOIN media_files AS m ON m.hash = c.cas_id
        ORDER BY nr
        """,
        output=False,
        engine=db,
    )
    return (largest,)


@app.cell(hide_code=True)
def group_table(largest):
    _formats: Any = {"size": text.size, "wasted": text.size}
    _told = largest.drop("content_id")
    groups = mo.ui.table(
        _told,
        selection="single",
        initial_selection=[0],
        page_size=10,
        show_column_summaries=False,
        show_data_types=False,
        format_mapping=_formats,
    )
    _plain = mo.Html(look.frame(_told.head(50).to_dicts(), _formats))
    mo.vstack([mo.md("## The largest groups"), groups if LIVE else _plain])
    return (groups,)


@app.cell(hide_code=True)
def copies_side_by_side(db, groups, largest):
    _chosen = largest.filter(largest["nr"].is_in(groups.value["nr"].implode())) if LIVE else largest.head(6)
    _sheets = [
        part
        for _row in _chosen.iter_rows(named=True)
        for part in (
            mo.Html(look.heading(f"{_row['nr']}. {_row['file']}")),
            mo.Html(copies.sheet(copies.seen_copies(db, _row["content_id"]))),
        )
    ]
    mo.vstack([mo.md("## Its copies" if LIVE else "## The copies of the first ones"), *_sheets])
    return


@app.cell(hide_code=True)
def why_it_is(catalog):
    # Of the whole catalog, whatever is chosen above, as `cardcat duplicates list` explains it.
    explained = why.reasons(catalog.where)
    _formats: Any = {"size": text.size, "files": text.count}
    if not explained.reasons:
        _shown = [mo.Html(look.soft("Nothing that could be explained is on record."))]
    else:
        _shown = [bars(pl.DataFrame(explained.reasons), "why", "Wasted, by the reason")]
    if explained.folders:
        _table = mo.ui.table(
            explained.folders,
            selection=None,
            page_size=10,
            show_column_summaries=False,
            show_data_types=False,
            format_mapping=_formats,
            wrapped_columns=["folder", "other folder"],
        )
        _plain = mo.Html(look.frame(explained.folders[:50], _formats))
        _shown += [mo.md("### Folders that have the same in them"), _table if LIVE else _plain]
    mo.vstack([mo.md("## Why"), *_shown], gap=1.2)
    return (explained,)


if __name__ == "__main__":
    app.run()

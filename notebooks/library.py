"""What there is, where it lies, and how safe it is."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="cardcat: library")

with app.setup(hide_code=True):
    from typing import Any

    import altair as alt
    import marimo as mo

    from cardcat import text
    from cardcat.notebooks import look, opening

    alt.theme.register("cardcat", enable=True)(lambda: look.CHART)
    alt.renderers.set_embed_options(actions=look.ACTIONS)

    BYTES = alt.Axis(labelExpr="format(datum.value, '.3~s') + 'B'", tickCount=5, title=None)
    COUNT = alt.Axis(labelExpr="format(datum.value, '~s')", tickCount=5, title=None)
    LIVE = mo.running_in_notebook() and not look.is_kept()  # else nothing answers to clicks


@app.function(hide_code=True)
def bars(frame, name: str, title: str, *, by: str = "size", labels: int = 210):
    """Bytes or files as bars, a bar a row, in the order of the rows; names take so many pixels at most."""
    tips = [
        alt.Tooltip(f"{name}:N"),
        alt.Tooltip("size:Q", format=".3~s", title="bytes"),
        alt.Tooltip("files:Q", format=","),
    ]
    return (
        alt.Chart(frame, title=title)
        .mark_bar(height={"band": 0.7})
        .encode(
            alt.X(f"{by}:Q", axis=BYTES if by == "size" else COUNT),
            alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=labels)),
            tooltip=tips,
        )
        .properties(width="container", height=alt.Step(24))
    )


@app.function(hide_code=True)
def columns(frame, name: str, title: str):
    """Files as columns, a column a row, in the order of the rows."""
    return (
        alt.Chart(frame, title=title)
        .mark_bar(width={"band": 0.8})
        .encode(
            alt.X(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelAngle=-30, labelOverlap=False)),
            alt.Y("files:Q", axis=COUNT),
            tooltip=[alt.Tooltip(f"{name}:N"), alt.Tooltip("files:Q", format=",")],
        )
        .properties(width="container", height=170)
    )


@app.cell(hide_code=True)
def style():
    mo.Html(look.STYLE)
    return


@app.cell(hide_code=True)
def opened_catalog():
    # The catalog: `--catalog` if it is given, else CARDCAT_CATALOG, else the usual one. Nothing reaches it.
    # Beside its tables the connection has `drives`, `copies` and `media` (see docs/notebooks.md).
    catalog = opening.opened(opening.given(mo.cli_args), "copies", "media")
    mo.stop(catalog.db is None, mo.Html(catalog.notice))
    mo.stop(
        catalog.count("copies") == 0,
        mo.Html(
            opening.nothing("No file is held yet.", "cardcat backup SOURCE DEST", "cardcat index ~/Pictures")
        ),
    )
    db = catalog.db
    return catalog, db


@app.cell(hide_code=True)
def totals(catalog, db):
    _all = mo.sql(
        f"""
        SELECT count(DISTINCT content_id) AS contents, count(*) AS files, sum(size)::BIGINT AS held,
            count(DISTINCT volume_id) AS drives,
            (SELECT count(*) FROM media SEMI JOIN copies USING (content_id) WHERE kind = 'image') AS photos,
            (SELECT count(*) FROM media SEMI JOIN copies USING (content_id) WHERE kind = 'video') AS films,
            (SELECT min(year(taken)) FROM media) AS first, (SELECT max(year(taken)) FROM media) AS last
        FROM copies
        """,
        output=False,
        engine=db,
    )
    total = _all.row(0, named=True)
    _others = total["contents"] - total["photos"] - total["films"]
    _years = f"from {total['first']} to {total['last']}" if total["first"] else "without dates"
    mo.vstack(
        [
            mo.md(
                """
                # Library

                Everything that is held on drives, plugged in or not. What is only on a card is not counted.
                """
            ),
            mo.hstack(
                [
                    mo.stat(text.count(total["photos"]), label="photos", caption=_years, bordered=True),
                    mo.stat(
                        text.count(total["films"]),
                        label="films",
                        caption=f"and {text.many(_others, 'other content')}",
                        bordered=True,
                    ),
                    mo.stat(
                        text.count(total["files"]),
                        label="files, with all copies",
                        caption=f"of {text.many(total['contents'], 'content')}",
                        bordered=True,
                    ),
                    mo.stat(
                        text.size(total["held"]),
                        label="held",
                        caption=f"on {text.many(total['drives'], 'drive')}",
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
        "SELECT drive, volume_id FROM drives SEMI JOIN copies USING (volume_id) ORDER BY 1"
    ).fetchall()
    _all_drives = "All drives"
    drive = mo.ui.dropdown(opening.choices(_drives, _all_drives), value=_all_drives, label="Drive")
    kind = mo.ui.dropdown(
        {"Photos and films": "%", "Photos": "image", "Films": "video"}, value="Photos and films", label="Kind"
    )
    if LIVE:
        _shown = mo.hstack([drive, kind], justify="start", gap=1.5)
    else:
        _shown = mo.Html(look.soft("All drives. To choose, open the page: cardcat notebook library"))
    _shown
    return drive, kind


@app.cell(hide_code=True)
def chosen_media(db, drive, kind):
    # The photos and films that the filters leave, each once; what is below asks this.
    mo.sql(
        f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT * FROM media SEMI JOIN (
            SELECT content_id FROM copies WHERE {drive.value} IN (0, volume_id)
        ) USING (content_id)
        WHERE kind LIKE '{kind.value}'
        """,
        output=False,
        engine=db,
    )
    (chosen,) = db.execute("SELECT count(*), coalesce(sum(size), 0)::BIGINT FROM chosen").fetchall()
    mo.Html(
        look.soft(
            f"{text.many(chosen[0], 'photo or film', 'photos and films')}, "
            f"{text.size(chosen[1])} without their copies."
        )
    )
    return (chosen,)


@app.cell(hide_code=True)
def sums(chosen, db):
    mo.stop(
        chosen[0] == 0, mo.Html(look.soft("No photo or film is among these; what lies where stands below."))
    )
    growth = mo.sql(
        f"""
        SELECT month, what, sum(coalesce(size, 0)) OVER (PARTITION BY what ORDER BY month)::BIGINT AS size,
            sum(coalesce(files, 0)) OVER (PARTITION BY what ORDER BY month)::BIGINT AS files
        FROM (SELECT DISTINCT month FROM chosen WHERE month IS NOT NULL)
        CROSS JOIN (VALUES ('image', 'photos'), ('video', 'films')) AS kinds(kind, what)
        LEFT JOIN (
            SELECT month, kind, sum(size) AS size, count(*) AS files FROM chosen GROUP BY ALL
        ) USING (month, kind)
        ORDER BY month, what
        """,
        output=False,
        engine=db,
    )
    by_camera = mo.sql(
        f"""
        SELECT camera, count(*) AS files, sum(size)::BIGINT AS size
        FROM chosen GROUP BY ALL ORDER BY files DESC, camera LIMIT 12
        """,
        output=False,
        engine=db,
    )
    by_lens = mo.sql(
        f"""
        SELECT lens, count(*) AS files, sum(size)::BIGINT AS size
        FROM chosen GROUP BY ALL ORDER BY files DESC, lens LIMIT 12
        """,
        output=False,
        engine=db,
    )
    by_focal = mo.sql(
        f"""
        SELECT focal, files FROM (
            SELECT CASE
                WHEN focal < 18 THEN 'below 18' WHEN focal < 24 THEN '18-23' WHEN focal < 35 THEN '24-34'
                WHEN focal < 50 THEN '35-49' WHEN focal < 70 THEN '50-69' WHEN focal < 105 THEN '70-104'
                WHEN focal < 200 THEN '105-199' WHEN focal < 400 THEN '200-399' ELSE '400 and more'
            END AS focal, count(*) AS files, min(chosen.focal) AS least
            FROM chosen WHERE focal > 0 GROUP BY 1
        ) ORDER BY least
        """,
        output=False,
        engine=db,
    )
    by_iso = mo.sql(
        f"""
        SELECT CASE stop WHEN 5 THEN 'below 100' ELSE (100 * 2 ** (stop - 6))::BIGINT::TEXT END AS iso, files
        FROM (
            SELECT least(greatest(floor(log2(iso / 100.0) + 0.01), -1), 10)::BIGINT + 6 AS stop,
                count(*) AS files
            FROM chosen WHERE iso > 0 GROUP BY 1
        ) ORDER BY stop
        """,
        output=False,
        engine=db,
    )
    by_place = mo.sql(
        f"""
        SELECT year(taken) AS year, CASE WHEN has_place THEN 'with a place' ELSE 'without' END AS place,
            count(*) AS files
        FROM chosen WHERE taken IS NOT NULL GROUP BY ALL ORDER BY ALL
        """,
        output=False,
        engine=db,
    )
    return by_camera, by_focal, by_iso, by_lens, by_place, growth


@app.cell(hide_code=True)
def charts(by_camera, by_focal, by_iso, by_lens, by_place, growth):
    _growth = (
        alt.Chart(growth, title="All that was taken up to a month")
        .mark_area(opacity=0.85)
        .encode(
            alt.X("month:T", title=None),
            alt.Y("size:Q", axis=BYTES),
            alt.Color("what:N", scale=alt.Scale(domain=["photos", "films"])),
            tooltip=[
                alt.Tooltip("yearmonth(month):T", title="month"),
                alt.Tooltip("what:N", title="kind"),
                alt.Tooltip("size:Q", format=".3~s", title="bytes so far"),
                alt.Tooltip("files:Q", format=",", title="files so far"),
            ],
        )
        .properties(width="container", height=240)
    )
    _places = (
        alt.Chart(by_place, title="With a place in them, by year")
        .mark_bar(width={"band": 0.8})
        .encode(
            alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            alt.Y("sum(files):Q", axis=COUNT),
            alt.Color(
                "place:N", scale=alt.Scale(domain=["with a place", "without"], range=[look.GREEN, look.GREY])
            ),
            tooltip=["year:O", "place:N", alt.Tooltip("files:Q", format=",")],
        )
        .properties(width="container", height=170)
    )
    mo.vstack(
        [
            mo.md("## How it grew"),
            _growth,
            mo.md("## What made it"),
            mo.hstack(
                [
                    bars(by_camera, "camera", "Files by camera", by="files"),
                    bars(by_lens, "lens", "Files by lens", by="files"),
                ],
                widths="equal",
            ),
            mo.hstack(
                [
                    columns(by_focal, "focal", "Files by focal length, in mm"),
                    columns(by_iso, "iso", "Files by ISO, from this value up"),
                ],
                widths="equal",
            ),
            _places,
        ],
        gap=1.2,
    )
    return


@app.cell(hide_code=True)
def drives_in_use(db, drive):
    # What takes up the drives: every copy counts, of every kind of file.
    by_kind = mo.sql(
        f"""
        SELECT CASE c.kind WHEN 'image' THEN 'photos' WHEN 'video' THEN 'films' WHEN 'audio' THEN 'sound'
            WHEN 'sidecar' THEN 'sidecars' ELSE 'other or not read' END AS kind,
            sum(copies.size)::BIGINT AS size, count(*) AS files
        FROM copies LEFT JOIN content_identity AS c ON c.id = content_id
        WHERE {drive.value} IN (0, volume_id) GROUP BY 1 ORDER BY size DESC, 1
        """,
        output=False,
        engine=db,
    )
    by_drive = mo.sql(
        f"""
        SELECT drive, sum(size)::BIGINT AS size, count(*) AS files
        FROM copies JOIN drives USING (volume_id)
        WHERE {drive.value} IN (0, volume_id) GROUP BY drive ORDER BY size DESC, drive LIMIT 12
        """,
        output=False,
        engine=db,
    )
    by_folder = mo.sql(
        f"""
        SELECT drive || ': ' || concat_ws('/', nullif(l.path, ''), nullif(d.path, '')) AS folder, size, files
        FROM (
            SELECT folder_id, location_id, volume_id, sum(size)::BIGINT AS size, count(*) AS files
            FROM copies WHERE {drive.value} IN (0, volume_id)
            GROUP BY ALL ORDER BY size DESC, folder_id LIMIT 15
        )
        JOIN folders AS d ON d.id = folder_id
        JOIN locations AS l ON l.id = d.location_id
        JOIN drives ON drives.volume_id = l.volume_id
        ORDER BY size DESC, folder
        """,
        output=False,
        engine=db,
    )
    mo.vstack(
        [
            mo.md("## What takes up the drives"),
            mo.hstack(
                [bars(by_kind, "kind", "By kind"), bars(by_drive, "drive", "By drive")], widths="equal"
            ),
            bars(by_folder, "folder", "The largest folders", labels=460),
        ],
        gap=1.2,
    )
    return by_drive, by_folder, by_kind


@app.cell(hide_code=True)
def redundancy_sums(catalog, db):
    # On how many drives each content is. Where the disk below a volume is known, two volumes of it are one.
    mo.sql(
        f"""
        CREATE OR REPLACE TEMP TABLE spread AS
        SELECT content_id, max(size) AS size,
            count(DISTINCT coalesce(disk, 'volume ' || copies.volume_id)) AS drives,
            min(copies.volume_id) AS volume_id
        FROM copies LEFT JOIN volume_disks USING (volume_id)
        WHERE content_id IS NOT NULL GROUP BY content_id
        """,
        output=False,
        engine=db,
    )
    redundancy = mo.sql(
        f"""
        SELECT CASE drives WHEN 1 THEN 'on 1 drive' WHEN 2 THEN 'on 2 drives' ELSE 'on 3 or more' END
            AS spread, count(*) AS files, sum(size)::BIGINT AS size
        FROM spread GROUP BY 1 ORDER BY 1
        """,
        output=False,
        engine=db,
    )
    alone = mo.sql(
        f"""
        SELECT drive, count(*) AS files, sum(size)::BIGINT AS size
        FROM spread JOIN drives USING (volume_id) WHERE spread.drives = 1
        GROUP BY drive ORDER BY size DESC, drive
        """,
        output=False,
        engine=db,
    )
    alone_folders = mo.sql(
        f"""
        SELECT drive, concat_ws('/', nullif(l.path, ''), nullif(d.path, '')) AS folder, files, size
        FROM (
            SELECT folder_id, count(DISTINCT content_id) AS files, sum(copies.size)::BIGINT AS size
            FROM copies SEMI JOIN (SELECT content_id FROM spread WHERE drives = 1) USING (content_id)
            GROUP BY folder_id ORDER BY size DESC, folder_id LIMIT 200
        )
        JOIN folders AS d ON d.id = folder_id
        JOIN locations AS l ON l.id = d.location_id
        JOIN drives ON drives.volume_id = l.volume_id
        ORDER BY size DESC, folder
        """,
        output=False,
        engine=db,
    )
    # The same, drive by drive: one of the questions in sql/, as `cardcat ask redundancy_by_drive` answers it.
    _words = {"on_one": "on 1 drive", "on_two": "on 2 drives", "on_three_or_more": "on 3 or more"}
    by_safety = catalog.ask("redundancy_by_drive").select("drive", *_words).rename(_words)
    by_safety = by_safety.unpivot(index="drive", variable_name="spread", value_name="files")
    return alone, alone_folders, by_safety, redundancy


@app.cell(hide_code=True)
def redundancy_charts(alone, alone_folders, by_safety, redundancy):
    _colours = alt.Scale(
        domain=["on 1 drive", "on 2 drives", "on 3 or more"], range=[look.RED, look.AMBER, look.GREEN]
    )
    _bars = bars(redundancy, "spread", "Contents by the number of drives that hold them", by="files")
    _only = sum(alone["files"])
    _formats: Any = {"size": text.size, "files": text.count}
    _table = mo.ui.table(
        alone_folders,
        selection=None,
        page_size=10,
        show_column_summaries=False,
        show_data_types=False,
        format_mapping=_formats,
    )
    _plain = mo.Html(look.frame(alone_folders.head(50).to_dicts(), _formats))
    _folders = _table if LIVE else _plain
    _by_drive = (
        alt.Chart(by_safety, title="What is on each drive, by the number of drives that hold it")
        .mark_bar(height={"band": 0.7})
        .encode(
            alt.X("sum(files):Q", axis=COUNT),
            alt.Y("drive:N", sort=None, title=None),
            alt.Color("spread:N", scale=_colours),
            tooltip=["drive:N", "spread:N", alt.Tooltip("sum(files):Q", format=",", title="contents")],
        )
        .properties(width="container", height=alt.Step(24))
    )
    mo.vstack(
        [
            mo.md("## How safe it is"),
            mo.hstack(
                [
                    _bars.encode(alt.Color("spread:N", scale=_colours, legend=None)),
                    bars(alone, "drive", "On this drive and no other", by="files"),
                ],
                widths="equal",
            ),
            _by_drive,
            mo.md("### On one drive only"),
            mo.Html(
                look.soft(
                    f"{text.many(_only, 'content')} would be gone with one drive. Where most of that is:"
                    if _only
                    else "Nothing: every content is on two drives or more."
                )
            ),
            _folders if _only else mo.md(""),
        ],
        gap=1.2,
    )
    return


if __name__ == "__main__":
    app.run()

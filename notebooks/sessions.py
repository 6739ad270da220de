"""The backups: how much, how fast, and what was found."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="cardcat: sessions")

with app.setup(hide_code=True):
    import time
    from typing import Any

    import altair as alt
    import marimo as mo

    from cardcat import text
    from cardcat.notebooks import look, opening

    alt.theme.register("cardcat", enable=True)(lambda: look.CHART)
    alt.renderers.set_embed_options(actions=look.ACTIONS)

    BYTES = alt.Axis(labelExpr="format(datum.value, '.3~s') + 'B'", tickCount=5, title=None)
    SPEED = alt.Axis(labelExpr="format(datum.value, '.3~s') + 'B/s'", tickCount=5, title=None)
    COUNT = alt.Axis(labelExpr="format(datum.value, '~s')", tickCount=5, tickMinStep=1, title=None)
    STAGES = ["scan", "hash", "dedupe", "copy", "verify", "metadata", "record"]
    LIVE = mo.running_in_notebook() and not look.is_kept()  # else nothing answers to clicks


@app.cell(hide_code=True)
def style():
    mo.Html(look.STYLE)
    return


@app.cell(hide_code=True)
def opened_catalog():
    # The catalog: `--catalog` if it is given, else CARDCAT_CATALOG, else the usual one. Nothing reaches it.
    # Beside its tables the connection has `drives` (see docs/notebooks.md).
    catalog = opening.opened(opening.given(mo.cli_args))
    mo.stop(catalog.db is None, mo.Html(catalog.notice))
    mo.stop(
        catalog.count("backup_sessions") == 0,
        mo.Html(opening.nothing("No card was backed up yet.", "cardcat backup SOURCE DEST")),
    )
    db = catalog.db
    return catalog, db


@app.cell(hide_code=True)
def filters(db):
    _drives = db.execute(
        "SELECT drive, volume_id FROM drives WHERE volume_id IN ("
        "SELECT volume_id FROM locations JOIN session_details ON locations.id = destination_location_id)"
        " ORDER BY 1"
    ).fetchall()
    _all_drives = "All drives"
    drive = mo.ui.dropdown(opening.choices(_drives, _all_drives), value=_all_drives, label="Destination")
    since = mo.ui.dropdown(
        {"At any time": 0, "In the last year": 365, "In the last month": 31},
        value="At any time",
        label="Begun",
    )
    return drive, since


@app.cell(hide_code=True)
def chosen_sessions(db, drive, since):
    # The sessions that the filters leave; what is below asks this.
    _first = int(time.time()) - since.value * 86_400 if since.value else 0
    mo.sql(
        f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT s.*, make_timestamp(s.started_at * 1000000) AS begun, drives.drive, d.attempts, d.files_failed,
            d.is_cold
        FROM backup_sessions AS s
        JOIN session_details AS d ON d.session_id = s.id
        JOIN locations AS l ON l.id = d.destination_location_id
        JOIN drives USING (volume_id)
        WHERE {drive.value} IN (0, volume_id)
            AND s.started_at >= {_first}
        """,
        output=False,
        engine=db,
    )
    _all = mo.sql(
        f"""
        SELECT count(*) AS sessions, count(*) FILTER (status = 'completed') AS completed,
            count(*) FILTER (status = 'failed') AS failed,
            count(*) FILTER (status = 'cancelled') AS cancelled,
            coalesce(sum(files_copied), 0)::BIGINT AS files, coalesce(sum(bytes_copied), 0)::BIGINT AS size,
            max(started_at) AS last
        FROM chosen
        """,
        output=False,
        engine=db,
    )
    total = _all.row(0, named=True)
    return (total,)


@app.cell(hide_code=True)
def totals(catalog, drive, since, total):
    mo.vstack(
        [
            mo.md(
                """
                # Sessions

                A session is the backup of one card to one drive. What is *completed* was read back and found
                equal.
                """
            ),
            mo.hstack([drive, since], justify="start", gap=1.5)
            if LIVE
            else mo.Html(look.soft("All drives. To choose, open the page: cardcat notebook sessions")),
            mo.hstack(
                [
                    mo.stat(
                        text.count(total["sessions"]),
                        label="sessions",
                        caption=f"the last {text.moment(total['last'])}",
                        bordered=True,
                    ),
                    mo.stat(
                        text.count(total["completed"]),
                        label="completed",
                        caption=f"{total['completed'] / max(total['sessions'], 1):.0%} of them",
                        bordered=True,
                    ),
                    mo.stat(
                        text.count(total["failed"]),
                        label="failed",
                        caption=f"and {text.count(total['cancelled'])} cancelled",
                        bordered=True,
                    ),
                    mo.stat(
                        text.size(total["size"]),
                        label="copied",
                        caption=text.many(total["files"], "file"),
                        bordered=True,
                    ),
                ],
                widths="equal",
            ),
            mo.Html(look.soft(f"Catalog: {catalog.path}")),
        ],
        gap=1,
    )
    return


@app.cell(hide_code=True)
def sums(db, total):
    mo.stop(total["sessions"] == 0, mo.Html(look.soft("The filters leave no session.")))
    by_month = mo.sql(
        f"""
        SELECT date_trunc('month', begun) AS month, status, count(*) AS sessions,
            sum(files_copied)::BIGINT AS files, sum(bytes_copied)::BIGINT AS size
        FROM chosen GROUP BY ALL ORDER BY month, status
        """,
        output=False,
        engine=db,
    )
    speed = mo.sql(
        f"""
        SELECT date_trunc('week', begun) AS week, stage, sum(bytes) / sum(seconds) AS speed,
            sum(bytes)::BIGINT AS size, sum(seconds) AS seconds
        FROM attempt_stages JOIN chosen ON chosen.id = session_id
        WHERE stage IN ('hash', 'copy', 'verify')
        GROUP BY ALL HAVING sum(seconds) > 0 AND sum(bytes) > 0 ORDER BY week, stage
        """,
        output=False,
        engine=db,
    )
    by_stage = mo.sql(
        f"""
        SELECT stage, sum(seconds) AS seconds, sum(seconds) / sum(sum(seconds)) OVER () AS share,
            sum(bytes)::BIGINT AS size, sum(files)::BIGINT AS files
        FROM attempt_stages JOIN chosen ON chosen.id = session_id GROUP BY stage HAVING sum(seconds) > 0
        ORDER BY list_position(['scan', 'hash', 'dedupe', 'copy', 'verify', 'metadata', 'record'], stage)
        """,
        output=False,
        engine=db,
    )
    by_drive = mo.sql(
        f"""
        SELECT drive, sum(bytes) / sum(seconds) AS speed, sum(bytes)::BIGINT AS size, count(*) AS sessions
        FROM attempt_stages JOIN chosen ON chosen.id = session_id WHERE stage = 'copy'
        GROUP BY drive HAVING sum(seconds) > 0 AND sum(bytes) > 0 ORDER BY speed DESC, drive LIMIT 12
        """,
        output=False,
        engine=db,
    )
    return by_drive, by_month, by_stage, speed


@app.cell(hide_code=True)
def charts(by_drive, by_month, by_stage, speed):
    _status = alt.Scale(domain=list(look.STATUS), range=list(look.STATUS.values()))
    _tips = [
        alt.Tooltip("yearmonth(month):T", title="month"),
        "status:N",
        alt.Tooltip("sessions:Q", format=","),
        alt.Tooltip("files:Q", format=",", title="files copied"),
        alt.Tooltip("size:Q", format=".3~s", title="bytes copied"),
    ]
    _base = (
        alt.Chart(by_month)
        .mark_bar()
        .encode(
            alt.X("yearmonth(month):T", title=None, axis=alt.Axis(tickCount=6)),
            alt.Color("status:N", scale=_status),
            tooltip=_tips,
        )
    )
    _size = _base.encode(alt.Y("size:Q", axis=BYTES)).properties(
        width="container", height=200, title="Copied, by month"
    )
    _count = _base.encode(alt.Y("sessions:Q", axis=COUNT)).properties(
        width="container", height=200, title="Sessions, by month"
    )
    _speed = (
        alt.Chart(speed, title="Speed by stage, week by week")
        .mark_line(point=True)
        .encode(
            alt.X("week:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=8)),
            alt.Y("speed:Q", axis=SPEED),
            alt.Color("stage:N", scale=alt.Scale(domain=["copy", "verify", "hash"])),
            tooltip=["week:T", "stage:N", alt.Tooltip("speed:Q", format=".3~s", title="bytes a second")],
        )
        .properties(width="container", height=220)
    )
    _stages = (
        alt.Chart(by_stage, title="Where the time goes")
        .mark_bar(height={"band": 0.7})
        .encode(
            alt.X("share:Q", axis=alt.Axis(format=".0%", tickCount=5, title=None)),
            alt.Y("stage:N", sort=STAGES, title=None),
            tooltip=[
                "stage:N",
                alt.Tooltip("share:Q", format=".1%"),
                alt.Tooltip("seconds:Q", format=",.0f"),
                alt.Tooltip("files:Q", format=","),
            ],
        )
        .properties(width="container", height=alt.Step(26))
    )
    _drives = (
        alt.Chart(by_drive, title="Copying, by drive")
        .mark_bar(height={"band": 0.7})
        .encode(
            alt.X("speed:Q", axis=SPEED),
            alt.Y("drive:N", sort=None, title=None),
            tooltip=[
                "drive:N",
                alt.Tooltip("speed:Q", format=".3~s", title="bytes a second"),
                alt.Tooltip("size:Q", format=".3~s", title="bytes"),
                "sessions:Q",
            ],
        )
        .properties(width="container", height=alt.Step(26))
    )
    mo.vstack(
        [
            mo.md("## Over time"),
            mo.hstack([_size, _count], widths="equal"),
            mo.md("## How fast"),
            mo.Html(
                look.soft(
                    "Stages run side by side: copying reads the card and writes, verifying reads that back."
                )
            ),
            _speed,
            mo.hstack([_stages, _drives], widths="equal"),
        ],
        gap=1.2,
    )
    return


@app.cell(hide_code=True)
def found(catalog, db, drive, total):
    mo.stop(total["sessions"] == 0)
    # What was found while backing up; what a later look at the copies found; what indexing found.
    findings = mo.sql(
        f"""
        SELECT stage || ': ' || error_type AS finding,
            CASE WHEN resolved_at IS NULL THEN 'open' ELSE 'resolved' END AS state, count(*) AS files
        FROM backup_errors JOIN chosen ON chosen.id = session_id GROUP BY ALL
        UNION ALL
        SELECT 'kept copy: ' || trouble, CASE WHEN resolved_at IS NULL THEN 'open' ELSE 'resolved' END,
            count(*)
        FROM copy_findings JOIN file_locations AS f ON f.id = file_location_id
        JOIN folders AS d ON d.id = f.folder_id JOIN locations AS l ON l.id = d.location_id
        WHERE {drive.value} IN (0, volume_id) GROUP BY ALL
        UNION ALL
        SELECT 'index: ' || error_type, 'open', count(*)
        FROM index_findings JOIN locations AS l ON l.id = location_id
        WHERE {drive.value} IN (0, volume_id) GROUP BY ALL
        ORDER BY files DESC, finding
        """,
        output=False,
        engine=db,
    )
    failures = mo.sql(
        f"""
        SELECT id AS session, started_at AS begun, source_path AS card, drive, status, files_copied AS copied,
            files_failed AS failed, coalesce(error_message, '') AS why
        FROM chosen WHERE status IN ('failed', 'cancelled') ORDER BY started_at DESC, id DESC LIMIT 500
        """,
        output=False,
        engine=db,
    )
    latest = mo.sql(
        f"""
        SELECT e.created_at AS found, session_id AS session, e.source_path AS file, stage,
            error_type AS kind, e.error_message AS what,
            CASE WHEN resolved_at IS NULL THEN 'open' ELSE 'resolved' END AS state
        FROM backup_errors AS e JOIN chosen ON chosen.id = session_id
        ORDER BY e.created_at DESC, e.id DESC LIMIT 500
        """,
        output=False,
        engine=db,
    )
    # How each session went: one of the questions in sql/, as `cardcat ask sessions_and_speed` answers it.
    _columns = [
        "session_id",
        "started_at",
        "status",
        "files_copied",
        "bytes_copied",
        "seconds",
        "bytes_per_second",
    ]
    _chosen = db.sql("SELECT id AS session_id, drive FROM chosen").pl()
    each = catalog.ask("sessions_and_speed").select(_columns).join(_chosen, on="session_id").head(500)
    each = each.rename({"session_id": "session", "started_at": "begun", "bytes_per_second": "speed"})
    return each, failures, findings, latest


@app.cell(hide_code=True)
def tables(each, failures, findings, latest):
    def _listed(frame, nothing: str):
        """A table, or a sentence where it would be empty."""
        if frame.is_empty():
            return mo.Html(look.soft(nothing))
        known: Any = {
            "begun": text.moment,
            "found": text.moment,
            "bytes_copied": text.size,
            "speed": lambda speed: "" if speed is None else text.rate(speed),
            "seconds": lambda seconds: "" if seconds is None else text.duration(seconds),
        }
        formats: Any = {name: form for name, form in known.items() if name in frame.columns}
        if not LIVE:
            return mo.Html(look.frame(frame.head(50).to_dicts(), formats))
        return mo.ui.table(
            frame,
            selection=None,
            page_size=10,
            show_column_summaries=False,
            show_data_types=False,
            format_mapping=formats,
            wrapped_columns=[name for name in ("why", "what") if name in frame.columns],
        )

    _findings = (
        alt.Chart(findings, title="Files by what was found")
        .mark_bar(height={"band": 0.7})
        .encode(
            alt.X("files:Q", axis=COUNT),
            alt.Y("finding:N", sort="-x", title=None, axis=alt.Axis(labelLimit=320)),
            alt.Color("state:N", scale=alt.Scale(domain=["open", "resolved"], range=[look.RED, look.GREY])),
            tooltip=["finding:N", "state:N", alt.Tooltip("files:Q", format=",")],
        )
        .properties(width="container", height=alt.Step(24))
    )
    mo.vstack(
        [
            mo.md("## Findings"),
            mo.Html(look.soft("Nothing was found.")) if findings.is_empty() else _findings,
            _listed(latest, "No file of a session has a finding."),
            mo.md("## Each session"),
            _listed(each, ""),
            mo.md("## Failed and cancelled"),
            _listed(failures, "None: every session was completed."),
        ],
        gap=1.2,
    )
    return


if __name__ == "__main__":
    app.run()

"""The end of an index: what is gone, what is back, which files belong together, and what went wrong."""

from __future__ import annotations

from cardcat.catalog.copies import folder_ids
from cardcat.catalog.duplicates import refresh_duplicates
from cardcat.catalog.indexed import drop_empty_folders, set_missing, set_present, settle_missing
from cardcat.catalog.indexing import replace_findings
from cardcat.indexing.grouping import group_files_of
from cardcat.indexing.job import Job, Run, now


def settle(job: Job) -> None:
    """
    Say what is not there any more, once all that is there is on record. SourceError if the folder is gone.

    Only now, so that a file which has moved is known as such.
    """
    todo, catalog, moment = job.todo, job.run.writing, now()
    job.root.require_there()
    with catalog.write() as c:
        set_present(c, todo.back, moment)
        missing = set_missing(c, _missing(job), moment)
        settle_missing(c, todo.still_gone, moment)
        folder_ids(c, job.location_id, todo.new_folders)
        drop_empty_folders(c, todo.stale_folders)
        replace_findings(c, job.location_id, job.place.below, job.findings, moment)
    job.tally.back += len(todo.back)
    job.tally.missing += missing
    if job.has_news:
        group_files_of(job)


def count_duplicates(run: Run) -> None:
    """Bring the table of duplicates up to what was found."""
    with run.writing.write() as c:
        refresh_duplicates(c)


def _missing(job: Job) -> list[int]:
    """The rows that are gone for good: those without a content were not read, so nobody can follow them."""
    left = [row.id for rows in job.gone_in.values() for row in rows.values()]
    gone = job.todo.gone
    return left + gone.filter(gone["content_id"].is_null())["id"].to_list()

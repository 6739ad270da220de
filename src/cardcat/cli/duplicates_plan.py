"""`cardcat duplicates plan`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder, size
from cardcat.cli.output import Json
from cardcat.cli.results import typed
from cardcat.errors import UsageError
from cardcat.paths import display

if TYPE_CHECKING:
    from pathlib import Path

    from cardcat.cleanup.planning import Chosen, Wish

EXAMPLES = examples(
    "cardcat duplicates plan cleanup.txt",
    "cardcat duplicates plan cleanup.txt --prefer /mnt/archive/Photos",
)


def plan(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where the plan is written: a new file.")],
    *,
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="RULE,RULE",
            help="What decides which copy stays, the first most of all: folder, tree, sidecar, name, "
            "verified, oldest, shortest. [default: all, in this order]",
        ),
    ] = None,
    prefer: Annotated[
        list[str] | None,
        typer.Option(metavar="FOLDER", help="Keep copies in this folder; may be given several times."),
    ] = None,
    within: Annotated[
        str | None, typer.Option("--folder", metavar="FOLDER", help="Only what lies in this folder goes.")
    ] = None,
    volume: Annotated[
        str | None, typer.Option(metavar="DRIVE", help="Only what lies on this drive goes.")
    ] = None,
    min_waste: Annotated[
        int,
        typer.Option(
            metavar="SIZE", parser=size("--min-waste"), help="Leave out groups that waste less, such as 10MB."
        ),
    ] = 0,
    action: Annotated[
        str, typer.Option(metavar="WORD", help="What becomes of what goes: quarantine, hardlink, reflink.")
    ] = "quarantine",
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Write down which duplicates can go, for you to read and edit. Nothing else is done.

    Only files of libraries go, never backups. On each drive one copy stays. Files that belong together (a raw
    and its JPEG, a photo and its edits) go together, and only where all of them have equals in one other
    folder; what is part of a camera's folder tree stays. Carried out by: cardcat duplicates apply FILE
    """
    path = folder(file, "FILE")
    wish = _wish(keep, prefer, within, volume, min_waste, action)
    if catalogs.present(catalog) is None:
        return _absent(catalog, as_json=as_json)
    from cardcat.answers import require_free
    from cardcat.catalog.engine import local_path, open_catalog
    from cardcat.cleanup.planning import choose, write_plan

    require_free(path)
    with open_catalog(catalog, create=False) as opened:
        chosen = choose(opened, wish)
    if chosen.plan.goers:
        made = f"Made {text.moment(int(time.time()))} from the catalog {local_path(catalog)}."
        write_plan(chosen, path, made)
    if as_json:
        output.emit(_document(chosen, path))
    else:
        _show(chosen, path, file, catalog)
    return 0


def _wish(  # noqa: PLR0917 - as the command line has them
    keep: str | None,
    prefer: list[str] | None,
    within: str | None,
    volume: str | None,
    min_waste: int,
    action: str,
) -> Wish:
    from cardcat.cleanup.planning import Wish
    from cardcat.cleanup.plans import Action
    from cardcat.plan.keepers import DEFAULT, Rule

    words: list[str] = list(DEFAULT)
    if keep is not None:
        words = [word.strip().lower() for word in keep.split(",")]
    if prefer and Rule.FOLDER not in words:
        words = [Rule.FOLDER, *words]
    for word in words:
        if word not in list(Rule) or words.count(word) > 1:
            raise UsageError(
                f"--keep takes each of {', '.join(Rule)} once at most, not '{display(keep or '')}'.",
                hint="For example: --keep tree,oldest",
            )
    if action not in list(Action):
        raise UsageError(f"--action is one of {', '.join(Action)}, not '{display(action)}'.")
    named = [*(prefer or ()), *(given for given in (within, volume) if given is not None)]
    if "" in named:
        raise UsageError("A folder or drive is an empty name.", hint="A shell variable may be empty.")
    return Wish(
        action=Action(action),
        rules=tuple(map(Rule, words)),
        prefer=tuple(prefer or ()),
        folder=within,
        volume=volume,
        min_waste=min_waste,
    )


def _document(chosen: Chosen, path: Path | None) -> dict[str, Json]:
    from cardcat.cleanup.plans import Verb

    plan = chosen.plan
    return {
        **output.path_fields(str(path) if path and plan.goers else None),
        "action": plan.action.value,
        "groups": [
            {
                "hash": block.hash,
                "file_size_bytes": block.size,
                "reason": block.comment,
                "keep": [output.path_fields(each) for each in block.paths(Verb.KEEP)],
                "away": [output.path_fields(each) for each in block.paths(Verb.AWAY)],
            }
            for block in plan.blocks
        ],
        "files": plan.goers,
        "bytes": plan.size,
        "left": [{"reason": reason, "files": count} for reason, count in chosen.left.most_common()],
        "groups_too_small": chosen.small,
    }


def _absent(where: str | None, *, as_json: bool) -> int:
    if as_json:
        from cardcat.cleanup.planning import Chosen
        from cardcat.cleanup.plans import Action, Plan

        output.emit(_document(Chosen(Plan(Action.QUARANTINE, (), ())), None))
    else:
        catalogs.say_absent(where)
    return 0


def _show(chosen: Chosen, path: Path, given: str, catalog: str | None) -> None:
    plan = chosen.plan
    if plan.goers:
        groups = text.many(len(plan.blocks), "group")
        output.say(f"{text.many(plan.goers, 'file')} of {groups} can go, {text.size(plan.size)} in all.")
        output.say(f"The plan is at {display(str(path))}. Read it, and edit it as you like.")
    else:
        output.say("Nothing can go, so no plan was written.")
        output.say("Only photos and films are looked for, and what belongs to them; other files are let be.")
    if chosen.small:
        output.say(f"{text.many(chosen.small, 'group')} left out: less is wasted than --min-waste.")
    if chosen.left:
        output.say("These duplicates stay:")
    for reason, count in chosen.left.most_common():
        output.say(f"  {text.many(count, 'file')}: {reason}")
    if plan.goers:
        output.say(f"What would be done:  {typed('duplicates', 'apply', given, catalog=catalog)}")

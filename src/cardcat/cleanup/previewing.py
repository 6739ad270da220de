"""What a plan would do, by looking alone."""

from __future__ import annotations

from dataclasses import replace

from cardcat.catalog import cleanups
from cardcat.catalog.engine import Catalog
from cardcat.cleanup.orders import Bundle, Order, check_plan
from cardcat.cleanup.outcomes import Outcome, refused, told
from cardcat.cleanup.plans import Plan
from cardcat.cleanup.standing import SAME, Standing
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk


def preview(catalog: Catalog, plan: Plan, *, disk: Disk | None = None) -> Outcome:
    """What `apply` would do: no file is opened, nothing is written."""
    standing = Standing(disk or this_disk())
    with catalog.read() as c:
        row = cleanups.find_cleanup(c, plan.hash)
        steps = cleanups.steps_of(c, row.id) if row else []
        orders = check_plan(c, plan, {step.number for step in steps if step.state == cleanups.DONE})
    found = Outcome(cleanup_id=row.id if row else None, dry_run=True, already=len(orders.done))
    found.left += refused(orders)
    for bundle in orders.bundles:
        reason = _why_not(standing, bundle)
        for order in bundle.orders:
            (found.left if reason else found.done).append(replace(told(order), reason=reason or ""))
    return found


def _why_not(standing: Standing, bundle: Bundle) -> str | None:
    """What looking tells against carrying it out."""
    for order in bundle.orders:
        if reason := standing.against(order.goer) or _against_keeper(standing, order):
            return reason
        if standing.file(order.goer) == standing.file(order.keeper):
            return SAME
    return None


def _against_keeper(standing: Standing, order: Order) -> str | None:
    reason = standing.against_staying(order.keeper)
    return f"the copy that was to be kept: {reason}" if reason else None

"""Sentences about the gap, its groups, and what would close it; every figure is computed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext, ngettext

from readiness.boards.findings import amount
from readiness.scoring.core.closing import ClosingTarget, least_checks
from readiness.scoring.core.gap import CapabilityGap, CapacityMeasure, Gap
from readiness.scoring.gap.closing import Closing
from readiness.scoring.gap.queries import CONDITIONAL, OTHERS, Group, PresentGroup
from readiness.scoring.queries.capacity import CapacityHistory, check_name
from web.units import number, percent

FIRST_STEPS = 5


def share(part: float, whole: float) -> str:
    return str(percent(part / whole if whole else None))


def projected(outlook: CapacityHistory, *, measure: CapacityMeasure) -> str:
    """Where the gap goes if the pace holds, with its band; empty where nothing is projected."""
    ahead = outlook.projection
    if ahead is None:
        return ""
    gap = max(ahead.deployed[-1] - ahead.ready[-1], 0.0)
    low = max(ahead.deployed_band[-1][0] - ahead.ready_band[-1][1], 0.0)
    high = max(ahead.deployed_band[-1][1] - ahead.ready_band[-1][0], 0.0)
    return gettext("If the pace holds, the gap is %(gap)s in %(weeks)s weeks, give or take %(half)s.") % {
        "gap": amount(gap, measure),
        "weeks": ahead.horizon_weeks,
        "half": amount((high - low) / 2, measure),
    }


def largest(groups: Sequence[PresentGroup], gap: Gap, *, measure: CapacityMeasure) -> str:
    """Which group holds most of the gap now."""
    if not groups:
        return gettext("Nothing holds capacity back: all that is deployed is ready.")
    first = groups[0]
    if first.key == CONDITIONAL:
        return gettext("No BLOCK check holds capacity back: all of the gap is conditional.")
    held = measure.of(first.gap.gap)
    counted = ngettext("%(n)s site", "%(n)s sites", len(first.sites)) % {"n": len(first.sites)}
    return gettext("%(group)s holds the most: %(held)s at %(sites)s, %(share)s of the gap.") % {
        "group": first.label,
        "held": amount(held, measure),
        "sites": counted,
        "share": share(held, measure.of(gap.gap)),
    }


def moved(groups: Sequence[Group], *, measure: CapacityMeasure) -> str:
    """Which group's gap grew most over the range, and which shrank most."""
    known = [group for group in groups if group.key != OTHERS]
    changes = [(measure.of(group.now.gap) - measure.of(group.gaps[0].gap), group) for group in known]
    if not changes:
        return gettext("There was no gap in this time.")
    up, grew = max(changes, key=lambda pair: (pair[0], pair[1].key))
    down, shrank = min(changes, key=lambda pair: (pair[0], pair[1].key))
    sentences = []
    if up > 0:
        sentences.append(
            gettext("%(group)s grew most, by %(by)s.") % {"group": grew.label, "by": amount(up, measure)}
        )
    if down < 0:
        sentences.append(
            gettext("%(group)s shrank most, by %(by)s.")
            % {"group": shrank.label, "by": amount(-down, measure)}
        )
    return " ".join(sentences) or gettext("No group's gap changed over this time.")


def capability(gap: CapabilityGap, growth: float | None) -> str:
    """How capacity and people grew; says what is missing where there is no base."""
    if growth is None:
        return gettext("No base: no accelerators were deployed 180 days ago.")
    grew = gettext("Accelerators changed by %(growth)s %% in 180 days") % {"growth": number(100 * growth, 0)}
    if gap.points is None:
        return gettext(
            "No base: %(grew)s, and no figures of qualified people are kept to set beside that."
        ) % {"grew": grew[0].lower() + grew[1:]}
    return gettext("%(grew)s, %(points)s points more than qualified people.") % {
        "grew": grew,
        "points": number(gap.points, 0),
    }


def single_check(closing: Closing) -> str:
    """Which one check, resolved wherever it holds a site, frees most; exact."""
    if not closing.effects:
        return gettext("No check holds any capacity back.")
    best, measure = closing.effects[0], closing.measure
    if not measure.of(best.freed):
        least = least_checks(closing.held)
        return gettext("No single check frees a site: the nearest one is held by %(least)s.") % {
            "least": least
        }
    where = ngettext("the %(n)s site", "all %(n)s sites", len(best.sites)) % {"n": len(best.sites)}
    last = ngettext("it is the last one at %(n)s.", "it is the last one at %(n)s.", len(best.frees))
    return (
        gettext("The single check that frees most is “%(check)s”: resolved at %(where)s it holds, %(freed)s;")
        % {
            "check": check_name(closing.framework, best.check_id),
            "where": where,
            "freed": amount(measure.of(best.freed), measure),
        }
        + " "
        + last % {"n": len(best.frees)}
    )


def first_steps(closing: Closing) -> str:
    """The capacity that the first steps of the ranked plan free, and the checks that they need."""
    if not closing.plan:
        return ""
    steps = min(FIRST_STEPS, len(closing.plan))
    last, measure = closing.plan[steps - 1], closing.measure
    freed = measure.of(last.freed_so_far)
    checks = ngettext("%(n)s check", "%(n)s checks", last.checks_so_far) % {"n": last.checks_so_far}
    said = ngettext(
        "The first site of the plan needs %(checks)s and frees %(freed)s, %(share)s of what is held.",
        "The first %(steps)s sites of the plan need %(checks)s and free %(freed)s, %(share)s of what is held.",
        steps,
    )
    return said % {
        "steps": steps,
        "checks": checks,
        "freed": amount(freed, measure),
        "share": share(freed, measure.of(closing.capacity)),
    }


def at_best(closing: Closing, checks: int) -> str:
    """The most that so many resolved checks can free, and where."""
    chosen, measure = closing.best_with(checks), closing.measure
    if not chosen:
        least = least_checks(closing.held)
        if not least:
            return ""
        return gettext("With %(checks)s resolved no site is free: the nearest one is held by %(least)s.") % {
            "checks": checks,
            "least": least,
        }
    freed = sum(measure.of(site.held) for site in chosen)
    needed = sum(len(site.checks) for site in chosen)
    names = [closing.sites[site.site].name for site in chosen]
    where = ", ".join(names[:4]) + (
        gettext(" and %(n)s more") % {"n": len(names) - 4} if len(names) > 4 else ""
    )
    return gettext(
        "With %(checks)s resolved, no more than %(freed)s can be free: %(needed)s at %(where)s."
    ) % {
        "checks": checks,
        "freed": amount(freed, measure),
        "needed": needed,
        "where": where,
    }


def beyond(closing: Closing) -> str:
    """Capacity that no check would free, for there is none to resolve; empty if there is none."""
    if not closing.beyond:
        return ""
    held = sum(closing.measure.of(site.held) for site in closing.beyond)
    said = ngettext(
        "%(n)s site with %(held)s is in no plan: it was never evaluated, or no check applies to prove it.",
        "%(n)s sites with %(held)s are in no plan: they were never evaluated, or no check applies to prove them.",
        len(closing.beyond),
    )
    return said % {"n": len(closing.beyond), "held": amount(held, closing.measure)}


def target(target: ClosingTarget) -> str:
    if target is ClosingTarget.CONDITIONAL:
        return gettext(
            "A site leaves not ready when every BLOCK check that holds it is resolved, and then whole."
        )
    return gettext(
        "A site is ready when every BLOCK and COND check that holds it is resolved, those under an exception as well."
    )

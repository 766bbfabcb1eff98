"""p4-orchestration-owner and p4-asset-ownership: what accepted and confirmed assignments own."""

from __future__ import annotations

from datetime import datetime, timedelta

from readiness.framework.core.definition import Check
from readiness.ownership.core.standing import Item, ItemStanding, Share, assets_owned, items_owned
from readiness.scoring.checks.choosing import named
from readiness.scoring.core.judge import Reading
from readiness.scoring.core.states import Provenance
from readiness.scoring.facts import EvaluationFacts

WORDS = {
    ItemStanding.NO_DEPUTY: "nobody to stand in",
    ItemStanding.OVERDUE: "not confirmed in time",
    ItemStanding.LEFT: "owner left",
    ItemStanding.WAITING: "not accepted",
    ItemStanding.UNOWNED: "nobody",
}


def orchestration(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """Readings are dated by the oldest confirmation behind them, and run out with it.

    Until anybody accepted anything at the site there is no reading, and what people attest counts.
    """
    if facts.owned is None:
        return {}
    part = next(each for each in check.parts if each.id == "items-owned")
    share = items_owned(facts.owned, now=now, valid=timedelta(seconds=part.validity.limit_s(None)))
    return {
        "items-owned": Reading(
            value=share.percent,
            taken_at=share.since or now,
            provenance=Provenance.DECLARED,
            evidence=f"ownership:{share.term_id or facts.profile.slug}",
            detail=_without(share),
        )
    }


def assets(facts: EvaluationFacts, check: Check, now: datetime) -> dict[str, Reading]:
    """The inventory and its owners are read anew at each evaluation; dated by the day, so that a day has one row."""
    if facts.owned is None:
        return {}
    counted = {
        Item.COMPUTE: facts.context.compute_objects or 0,
        Item.NETWORK: facts.context.network_objects or 0,
        Item.ENERGY: facts.context.energy_objects or 0,
    }
    share = assets_owned(facts.owned, counted, now=now)
    term_id = share.term_id if share else None
    return {
        "assets-owned": Reading(
            value=share.percent if share else None,
            taken_at=now.replace(hour=0, minute=0, second=0, microsecond=0),
            provenance=Provenance.DECLARED,
            evidence=f"owned-assets:{term_id or facts.profile.slug}",
            detail=_without(share) if share else "",
            cannot_judge="" if share else "The site has nothing in its inventory that could be owned.",
        )
    }


def _without(share: Share) -> str:
    """Name no people: everybody who sees the check reads this."""
    if not share.missing:
        return ""
    missing = [f"{item} ({WORDS[standing]})" for item, standing in share.missing]
    return f"not owned: {named(missing)}"

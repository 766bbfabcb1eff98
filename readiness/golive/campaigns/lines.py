"""Campaigns in words: key figures, facts, what an item is made on, and what the gate still lacks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html

from accounts.models import User
from readiness.framework.core.vocabulary import EvidenceKind
from readiness.golive.campaigns.models import Campaign, CampaignItem
from readiness.golive.campaigns.operations import MAY_ADD, MAY_CHANGE, MAY_DELETE
from readiness.golive.campaigns.planning import RunTarget
from readiness.golive.campaigns.queries import CampaignRow, GateRow, ItemRow
from readiness.golive.campaigns.tables import left, run_words
from readiness.golive.campaigns.targets import Targets
from web.links import link
from web.units import plural
from web.visibility import name_of

type Line = dict[str, Any]

SHOWN = 60
"""Targets that are listed with a link each; a site with more is done with a script, not by hand."""
BY_HAND = frozenset({EvidenceKind.INVENTORY_FACT, EvidenceKind.PEOPLE_RECORD, EvidenceKind.OWNERSHIP_RECORD})


def utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def key_figures(row: CampaignRow, *, now: datetime) -> list[Line]:
    counts = row.sum.by_progress
    figures: list[Line] = [
        {
            "label": "Done",
            "value": f"{row.sum.done} / {row.sum.total}",
            "note": "" if row.sum.percent is None else f"{row.sum.percent:.0f} %",
            "tone": "ok" if row.sum.total and not row.sum.open else "",
        },
    ]
    for key, label, tone, note in (
        ("failed", "Failed", "bad", "a run shows that it is not met"),
        (
            "blocked",
            "Blocked",
            "warn",
            "no limit, no floor, or a run that cannot be judged",
        ),
        ("stale", "Stale", "warn", "too old, or voided by a change"),
        ("missing", "Missing", "", "no run that counts yet"),
    ):
        count = counts.get(key, 0)
        figures.append(
            {
                "label": label,
                "value": count,
                "note": note,
                "tone": tone if count else "",
                "url": link("campaign", row.campaign.pk, progress=key),
            }
        )
    over = row.days_left is not None and row.days_left < 0
    due = {"label": "Due", "value": f"{row.campaign.due_on:%Y-%m-%d}", "tone": "bad" if over else ""}
    ended = row.days_left is None
    return [
        *figures,
        due | {"note": format_html("ended {}", left(row, now)) if ended else left(row, now)},
    ]


def facts(campaign: Campaign) -> list[Line]:
    site = campaign.site
    entries: list[Line] = [
        {"term": "State", "kind": "campaign", "state": campaign.state},
        {
            "term": "Site",
            "value": site.name,
            "url": link("site", site.slug),
            "note": site.get_stage_display(),
        },
        {
            "term": "Planned by",
            "value": name_of(campaign.created_by),
            "note": utc(campaign.created_at),
        },
        {"term": "Made from", "value": campaign.framework_version.version},
    ]
    if campaign.repeats:
        entries.append(
            {
                "term": "Repeats",
                "value": str(campaign.repeats),
                "url": link("campaign", campaign.repeats.pk),
            }
        )
    counted = f"{campaign.counts_from:%Y-%m-%d}" if campaign.counts_from else "the validity of each alone"
    entries.append({"term": "Runs count from", "value": counted})
    if campaign.started_at:
        entries.append({"term": "Started", "value": utc(campaign.started_at)})
    if campaign.ended_by:
        entries.append(
            {"term": "Ended by", "value": name_of(campaign.ended_by), "note": utc(campaign.ended_at)}
        )
    if campaign.end_note:
        entries.append({"term": "Why", "value": campaign.end_note})
    if campaign.note:
        entries.append({"term": "Note", "value": campaign.note})
    return entries


def choices_of(campaign: Campaign, user: User) -> dict[str, bool]:
    """The changes that the reader may make."""
    changes = user.has_perm(MAY_CHANGE)
    return {
        "may_change": changes and campaign.is_open,
        "may_start": changes and campaign.state == Campaign.State.PLANNED,
        "may_finish": changes and campaign.state == Campaign.State.RUNNING,
        "may_delete": user.has_perm(MAY_DELETE) and campaign.state == Campaign.State.PLANNED,
        "may_repeat": user.has_perm(MAY_ADD) and not campaign.is_open,
    }


def item_facts(row: ItemRow, campaign: Campaign) -> list[Line]:
    item = row.item
    entries: list[Line] = [
        {"term": "Progress", "kind": "campaign-item", "state": row.progress},
        {
            "term": "Check",
            "value": row.check_name,
            "url": link("site-check", campaign.site.slug, item.check_id),
            "note": row.gate,
        },
        {"term": "Sub-measures", "value": ", ".join(row.part_names)},
        {"term": "Run", "value": run_words(row)},
        {"term": "Scope", "value": item.get_scope_display()},
        {"term": "Made on", "value": item.get_targets_display()},
        {"term": "Assigned to", "value": row.assigned or "nobody"},
        {
            "term": "Due",
            "value": f"{item.due_on or campaign.due_on:%Y-%m-%d}",
            "note": "" if item.due_on else "the campaign’s own day",
        },
    ]
    if item.added:
        entries.append({"term": "Added", "value": "by hand"})
    if item.is_dropped:
        entries.append(
            {"term": "Dropped by", "value": name_of(item.dropped_by), "note": utc(item.dropped_at)}
        )
    return entries


def import_url(item: CampaignItem, slug: str, devices: Sequence[str] = ()) -> str:
    """The form of a run with what is known filled in."""
    filled = {"site": slug, "tool": item.tool}
    if item.load:
        filled["load"] = item.load
    if devices:
        filled["devices"] = ", ".join(devices)
    return link("validation-run-add", **filled)


def target_lines(
    item: CampaignItem, slug: str, by_target: Mapping[RunTarget, Targets], *, may_add: bool
) -> Line:
    """Each thing to run on, with the form for its run."""
    targets = by_target[RunTarget(item.targets)]
    by_one = {RunTarget.NODE: lambda name: [name], RunTarget.PORT: lambda name: [name.rsplit(" ", 1)[0]]}
    by_pair = {RunTarget.PAIR, RunTarget.PATH}

    def devices(name: str) -> Sequence[str]:
        if targets.kind in by_pair:
            return name.split(" – ")
        return by_one[targets.kind](name) if targets.kind in by_one else ()

    return {
        "count": targets.count,
        "shown": [
            {"name": name, "url": import_url(item, slug, devices(name)) if may_add else ""}
            for name in targets.names[:SHOWN]
        ],
        "more": max(targets.count - SHOWN, 0),
        "all": import_url(item, slug) if may_add else "",
        "runs": targets.count * item.repeats,
    }


def gate_lines(rows: Sequence[GateRow], slug: str, user: User) -> list[Line]:
    """Each BLOCK check that is open, and the forms that would prove it, filled in."""
    return [
        {
            "id": row.check.id,
            "name": row.check.name,
            "url": link("site-check", slug, row.check.id),
            "state": row.state,
            "reason": row.reason,
            "how_to": row.check.how_to,
            "excepted": row.excepted,
            "parts": [{"name": name, "state": state} for _id, name, state in row.parts],
            "proofs": list(_proofs(row, slug, user)),
        }
        for row in rows
    ]


def _proofs(row: GateRow, slug: str, user: User) -> list[Line]:
    proofs = []
    part = {"part": row.parts[0][0]} if row.parts else {}
    asked = {"site": slug, "check": row.check.id} | part
    if EvidenceKind.VALIDATION_RUN in row.evidence and user.has_perm("evidence.add_validationrun"):
        url = import_url(row.item, slug) if row.item else link("validation-run-add", site=slug)
        proofs.append({"label": "Import a run", "url": url})
    if row.item is not None:
        proofs.append({"label": "The item", "url": link("campaign-item", row.item.pk)})
    if EvidenceKind.ATTESTATION in row.evidence and user.has_perm("evidence.add_attestation"):
        proofs.append({"label": "Attest", "url": link("attestation-add", **asked)})
    if row.evidence & BY_HAND and user.has_perm("evidence.add_recordedfact"):
        proofs.append({"label": "Record a fact", "url": link("recorded-fact-add", **asked)})
    if EvidenceKind.TELEMETRY in row.evidence and user.has_perm("telemetry.view_source"):
        proofs.append({"label": "Telemetry", "url": link("ingest", site=slug)})
    return proofs


def gate_words(rows: Sequence[GateRow] | None) -> str:
    if rows is None:
        return "The site was not evaluated yet: what is missing is known after the first evaluation."
    held = [row for row in rows if not row.excepted]
    if not held:
        return "Every BLOCK check is acceptable and measured where that is asked for, or under a signed exception."
    said = plural(
        len(held), "%(n)s BLOCK check holds the site back.", "%(n)s BLOCK checks hold the site back."
    )
    return said % {"n": len(held)}

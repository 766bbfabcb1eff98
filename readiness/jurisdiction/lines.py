"""Rules and packs in words: what their pages say."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from readiness.jurisdiction import sentences
from readiness.jurisdiction.core.pack import RulePackDocument
from readiness.jurisdiction.models import CountryGroup, Rule, RulePack
from readiness.jurisdiction.refusals import MAY_ADD, MAY_DISCARD, MAY_EDIT, MAY_PUBLISH
from readiness.jurisdiction.rows import rule_from
from readiness.jurisdiction.tables import pack_url, url_of
from web.visibility import name_of

type Line = dict[str, Any]


def rule_facts(rule: Rule, pack: RulePackDocument, today: date) -> list[Line]:
    value = rule_from(rule)
    said: list[Line] = [
        {"term": "Says", "kind": "answer", "state": rule.effect},
        {"term": "Question", "value": rule.get_kind_display()},
        {"term": "Covers", "value": sentences.covers(value, pack)},
    ]
    if rule.bases:
        said.append({"term": "Basis", "value": sentences.any_of(rule.bases, pack)})
    said += [
        {"term": "Jurisdiction", "value": rule.jurisdiction},
        {"term": "Citation", "value": sentences.cite(value), "url": rule.source_url},
        {"term": "In force", "value": sentences.standing(value, pack, today)},
        {"term": "Checked up to", "value": rule.checked_on or "never: decides nothing"},
    ]
    if rule.sector:
        said.append({"term": "Sector", "value": rule.sector})
    said.append({"term": "Pack", "value": rule.pack.version, "url": pack_url(rule.pack)})
    return said


def beside(rule: Rule) -> dict[str, list[Line]]:
    """The rules that this one stands in for, and those that stand in for it."""
    others = list(rule.pack.rules.all())
    return {
        "instead_of": [_link(other) for other in others if other.slug in rule.instead_of],
        "displaced_by": [_link(other) for other in others if rule.slug in other.instead_of],
    }


def _link(rule: Rule) -> Line:
    return {"label": rule.title, "url": url_of(rule)}


def version_lines(rules: list[Rule], here: Rule) -> list[Line]:
    """The rule from pack to pack, the newest first, and what each says otherwise than the one before it."""
    lines = []
    for rule, before in zip(rules, [*rules[1:], None], strict=True):
        lines.append(
            {
                "pack": rule.pack.version,
                "status": rule.pack.status,
                "url": url_of(rule),
                "here": rule.pk == here.pk,
                "changes": _changed(before, rule) if before else [],
                "first": before is None,
            }
        )
    return lines


_TOLD = (
    *("title", "kind", "jurisdiction", "sector", "instrument", "article", "source_url", "effect", "origins"),
    *("categories", "places", "places_except", "bases", "instead_of", "in_force_from", "in_force_until"),
    *("checked_on", "note"),
)


def _changed(before: Rule, after: Rule) -> list[Line]:
    changes = []
    for name in _TOLD:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            label = str(getattr(Rule._meta.get_field(name), "verbose_name", name))
            changes.append({"field": label, "before": _plain(was), "after": _plain(now)})
    return changes


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value or "none")


def pack_facts(pack: RulePack) -> list[Line]:
    said: list[Line] = [
        {"term": "Status", "kind": "rule-pack", "state": pack.status},
        {"term": "As of", "value": pack.as_of},
        {
            "term": "Checked again",
            "value": f"within {pack.check_again_days} days, else a rule decides nothing",
        },
    ]
    if pack.is_draft:
        said.append({"term": "Revision", "value": pack.revision})
    if pack.made_from:
        said.append({"term": "Made from", "value": pack.made_from.version, "url": pack_url(pack.made_from)})
    said.append(_deed("Made", pack.created_at, pack.created_by))
    for term, at, by in (
        ("Last edited", pack.edited_at, pack.edited_by),
        ("Published", pack.published_at, pack.published_by),
        ("Withdrawn", pack.withdrawn_at, pack.withdrawn_by),
    ):
        if at:
            said.append(_deed(term, at, by))
    if pack.published_because:
        said.append({"term": "Because", "value": pack.published_because})
    said.append({"term": "Digest", "value": pack.digest[:12]})
    return said


def _deed(term: str, at: datetime, by: User | None) -> Line:
    who = name_of(by) or "shipped with Muster"
    return {"term": term, "value": who, "note": f"{at:%Y-%m-%d %H:%M} UTC"}


def group_lines(groups: list[CountryGroup], today: date) -> list[Line]:
    """Each group with who belongs to it today, and who did or will at another time."""
    lines = []
    for group in groups:
        members = list(group.members.all())
        now = [
            member
            for member in members
            if member.since <= today and (member.until is None or member.until >= today)
        ]
        lines.append(
            {
                "group": group,
                "now": ", ".join(sentences.country(member.country) for member in now),
                "others": [
                    {
                        "country": sentences.country(member.country),
                        "since": member.since,
                        "until": member.until,
                    }
                    for member in members
                    if member not in now
                ],
            }
        )
    return lines


def offers(pack: RulePack, user: User) -> dict[str, bool]:
    """Return what the reader may do with the pack."""
    return {
        "may_edit": pack.is_draft and user.has_perm(MAY_EDIT),
        "may_discard": pack.is_draft and user.has_perm(MAY_DISCARD),
        "may_publish": pack.is_draft and user.has_perm(MAY_PUBLISH),
        "may_withdraw": pack.status == RulePack.Status.PUBLISHED and user.has_perm(MAY_PUBLISH),
        "may_draft": user.has_perm(MAY_ADD),
    }


def tabs(here: str) -> list[Line]:
    """Rules, and what the data of workload classes stands on by them."""
    named = (
        ("rules", "Rules", "rules"),
        ("data-origin", "Origins", "data-origin-list"),
        ("held-basis", "Bases on record", "held-basis-list"),
    )
    return [{"label": label, "url": reverse(view), "current": key == here} for key, label, view in named]


def breadcrumbs(here: str, within: RulePack | None = None) -> list[dict[str, str]]:
    above = [] if here == "Rules" else [{"label": "Rules", "url": reverse("rules")}]
    if within is not None:
        above.append({"label": within.version, "url": pack_url(within)})
    return [*above, {"label": here, "url": ""}]

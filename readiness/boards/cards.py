"""Frozen rows to what the shared parts of a page read: key figures, bars, cards. Every figure was worked out before."""

from collections.abc import Iterable, Sequence
from typing import Any

from inventory.models import DomainChoices
from readiness.boards import sentences
from readiness.boards.queries.attention import Attention
from readiness.boards.queries.fleet import DomainCard, Fleet
from readiness.boards.queries.site import DomainDetail
from readiness.scoring.queries.capacity import HoldsBack
from readiness.scoring.queries.rows import DomainFigure, HealthReason, PillarFigure
from web.drawing import bar_width, spark_path, stacked
from web.links import link
from web.units import Formatted, format_value, how_many, instant, power, power_unit

type Card = dict[str, Any]

OF_OWNERS = ("owner", "ownership")
SPARK = {"width": 74, "height": 26}
DOMAIN_TITLES = dict(DomainChoices.choices)


def key_figures(fleet: Fleet) -> dict[str, Card]:
    now, before, weeks = fleet.now, fleet.before, fleet.sparks
    unit = power_unit(now.deployed.it_kw)
    ready = now.ready.it_kw - before.ready.it_kw
    gap = now.gap.it_kw - before.gap.it_kw
    return {
        "deployed": _capacity(now.deployed.it_kw, before.deployed.it_kw, unit, weeks.deployed),
        "ready": _capacity(now.ready.it_kw, before.ready.it_kw, unit, weeks.ready)
        | {"tone": "ok" if ready > 0 else ""},
        "gap": _capacity(now.gap.it_kw, before.gap.it_kw, unit, weeks.gap)
        | {"tone": "bad" if gap > 0 else "ok" if gap < 0 else ""},
        "sites_ready": _sites_ready(fleet),
        "freshness": _freshness(fleet),
    }


def _capacity(kw: float, before_kw: float, unit: str, weeks: Sequence[float | None]) -> Card:
    change = kw - before_kw
    sign = "+" if change > 0 else "−"
    moved = f"{sign}{power(abs(change), unit)} in 4 weeks" if round(change, 3) else "unchanged in 4 weeks"
    icon = "arrow-up" if change > 0 else "arrow-down-right" if change < 0 else ""
    return {"quantity": power(kw, unit), "note": moved, "icon": icon, "spark": spark_path(weeks, **SPARK)}


def _sites_ready(fleet: Fleet) -> Card:
    judged = sum(sites for verdict, sites in fleet.verdicts.items() if verdict != "none")
    figure = {"quantity": Formatted(str(fleet.verdicts.get("ready", 0)), f"of {judged}")}
    if ownerless := len(fleet.without_owner):
        note = f"{how_many(ownerless, 'site', 'sites')} without an owner"
        return figure | {"note": note, "icon": "users-group", "tone": "warn"}
    unjudged = fleet.sites - judged
    no_verdict = f"{how_many(unjudged, 'more has', 'more have')} no verdict"
    return figure | {"note": no_verdict if unjudged else "every site has an owner"}


def _freshness(fleet: Fleet) -> Card:
    reporting = Formatted(str(fleet.sites_reporting), f"of {fleet.monitored} sites")
    if not fleet.sources_total:
        return {"quantity": Formatted(None), "note": "no source yet"}
    silent, late = fleet.sources.get("silent", 0), fleet.sources.get("late", 0)
    parts = [how_many(silent, "source silent", "sources silent")] if silent else []
    parts += [f"{late} late"] if late else []
    tone = "bad" if silent else "warn" if late else ""
    return {"quantity": reporting, "note": " · ".join(parts) or "all sources on time", "tone": tone}


def blockers(held: HoldsBack) -> list[Card]:
    widest = max((pillar.held.it_kw for pillar in held.pillars), default=0)
    unit = power_unit(held.gap.gap.it_kw)
    return [
        {
            "label": pillar.name,
            "url": link("readiness", pillar=pillar.pillar),
            "quantity": power(pillar.held.it_kw, unit),
            "width": bar_width(pillar.held.it_kw, of=widest),
            "note": f"first blocker at {how_many(len(pillar.sites), 'site', 'sites')}"
            if pillar.sites
            else "blocks no site first",
            "role": "gap",
        }
        for pillar in held.pillars
    ]


def domain_card(card: DomainCard) -> Card:
    silent, late = (card.clocks.get(clock, 0) for clock in ("silent", "late"))
    notes = [f"{how_many(silent, 'site', 'sites')} silent"] if silent else []
    notes += [f"{how_many(late, 'site', 'sites')} late"] if late else []
    return {
        "domain": card.domain,
        "title": DOMAIN_TITLES[card.domain],
        "url": link("sites", **{card.domain: "critical"}),
        "note": f"{card.reporting} of {card.sites} sites reporting",
        "figures": [figure(each) for each in card.figures[:3]],
        "kind": "health",
        "segments": stacked(card.sites_by_health),
        "clock_note": " · ".join(notes),
    }


def figure(of: DomainFigure) -> Card:
    shown = format_value(of.value, of.unit) if of.value is not None else Formatted(None)
    return {
        "label": of.label,
        "value": shown.value,
        "unit": shown.unit,
        "provenance": of.provenance,
        "source": of.source,
        "at": of.taken_at,
        "age": "",
    }


def attention_list(items: Iterable[Attention]) -> list[Card]:
    return [_attention(item) for item in items]


def _attention(item: Attention) -> Card:
    stake = power(item.kw) if item.kw else Formatted(None)
    since = f"since {instant(item.since)}" if item.since else ""
    # A site without an owner has no state of its own; it wants attention.
    of_owner = item.kind in OF_OWNERS
    return {
        "id": f"{item.kind}-{item.site.slug if item.site else 'several'}-{item.subject or item.state}",
        "kind": "check" if of_owner else item.kind,
        "state": "warn" if of_owner else item.state,
        "title": item.title,
        "url": _attention_url(item),
        "detail": " · ".join(part for part in (item.detail, since) if part),
        "value": stake.value,
        "unit": stake.unit,
        "clock": item.clock,
    }


def _attention_url(item: Attention) -> str:
    if item.kind == "source":
        return link("source", item.source_id)
    if item.kind == "ownership":
        return link("ownership-queues", queue=item.subject)
    if item.kind == "owner":
        return link("sites", owner="none")
    if item.site is None:
        return link("check", item.check_id) if item.check_id else link("sites")
    if item.check_id:
        return link("site-check", item.site.slug, item.check_id)
    return link("site", item.site.slug, tab=item.subject)


def pillar_bars(pillars: Iterable[PillarFigure], *, slug: str) -> list[Card]:
    return [
        pillar_mark(pillar) | {"url": link("site", slug, tab="evidence", pillar=pillar.id)}
        for pillar in pillars
    ]


def pillar_mark(pillar: PillarFigure) -> Card:
    return {
        "label": pillar.name,
        "short": pillar.short_name,
        "score": None if pillar.score is None else 100 * pillar.score,
        "upper": None if pillar.upper is None else round(100 * pillar.upper, 1),
        "waived": pillar.waived_checks,
        "waived_width": None if not pillar.waived else round(100 * pillar.waived, 1),
        "state": pillar.state,
    }


def domain_detail(detail: DomainDetail, slug: str) -> Card:
    return {
        "domain": detail.domain,
        "title": DOMAIN_TITLES[detail.domain],
        "health": detail.health,
        "clock": detail.clock,
        "since": detail.since,
        "last_known": sentences.last_known(detail.last_health, detail.heard_at),
        "url": link("site", slug, tab=detail.domain),
        "figures": [figure(each) for each in detail.figures],
        "segments": stacked(detail.objects_by_health),
        "reasons": [_reason(reason, slug) for reason in detail.reasons],
    }


def _reason(reason: HealthReason, slug: str) -> Card:
    kind, pk = reason.object_kind, reason.object_id
    samples = {"site": slug, "metric": reason.metric, "start": "now-24h", "end": "now"}
    return {
        "health": reason.health,
        "object": reason.object,
        "object_url": link(f"{kind}-detail", pk) if kind and pk else "",
        "words": sentences.reason_words(reason),
        "source": reason.source,
        "at": reason.taken_at,
        "samples_url": link("explore", **samples) if reason.metric else "",
    }

"""Scores over time to what pages read: key figures, the sentence, links to choose by, the legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inventory.models import Region
from readiness.boards.trends.queries import Day, Subject
from readiness.framework.core.definition import Framework
from readiness.scoring.core.mean import BY_KW, NO_KW, PLAIN
from web.links import link
from web.states import state
from web.units import number

type Line = dict[str, Any]


def _scored(days: Sequence[Day]) -> list[Day]:
    return [day for day in days if day.score is not None]


def finding(days: Sequence[Day], *, several: bool) -> str:
    """The sentence that stands for the chart."""
    scored = _scored(days)
    if not scored:
        return NO_KW if any(day.plain is not None for day in days) else "No score is stored for these days."
    first, last = scored[0], scored[-1]
    return "{score} went from {start} to {end} between {first} and {last}.".format(
        score="The score by deployed kW" if several else "The score",
        start=_percent(first.score),
        end=_percent(last.score),
        first=f"{first.on:%-d %b %Y}",
        last=f"{last.on:%-d %b %Y}",
    )


def figures(days: Sequence[Day], *, several: bool) -> list[Line]:
    """Key figures; several sites have their score by deployed kW, and beside it their plain mean."""
    plain = [day.plain for day in days if day.plain is not None]
    if not plain:
        return []
    last = days[-1]
    scores = [day.score for day in days if day.score is not None]
    score: Line = {"label": BY_KW if several else "Score"}
    score |= _moved(scores) if scores else {"value": None, "note": NO_KW}
    band = None if last.upper is None else _percent(last.upper)
    return [
        score,
        *([{"label": PLAIN, **_moved(plain)}] if several else []),
        {"label": "If all evidence were there", "value": band, "note": "upper score"},
        {
            "label": "Coverage",
            "value": None if last.coverage is None else _percent(last.coverage),
            "note": "checks with fresh evidence",
        },
        _verdicts(last),
    ]


def _moved(scores: Sequence[float]) -> Line:
    change = scores[-1] - scores[0]
    tone = "ok" if change >= 0.0005 else "bad" if change <= -0.0005 else ""
    sign = {"ok": "+", "bad": "−"}.get(tone, "")
    return {
        "value": _percent(scores[-1]),
        "note": "{change} in this time".format(change=f"{sign}{number(abs(100 * change), 1)}"),
        "tone": tone,
        "icon": {"ok": "arrow-up", "bad": "arrow-down-right"}.get(tone, ""),
    }


def _verdicts(last: Day) -> Line:
    if last.sites == 1:
        [verdict] = last.verdicts
        return {"label": "Verdict", "value": str(state("verdict", verdict).word), "note": ""}
    judged = last.sites - last.verdicts.get("", 0)
    return {
        "label": "Sites ready",
        "value": str(last.verdicts.get("ready", 0)),
        "unit": f"of {judged}",
        "note": f"{last.verdicts.get('conditional', 0)} conditional",
    }


def _percent(value: float | None) -> str:
    return "none" if value is None else number(100 * value, 1)


def explained(subject: Subject, days: Sequence[Day]) -> dict[str, str]:
    """Parameters of the page that explains the same time for the whole site or region."""
    of = {key: value for key, value in subject.query.items() if key != "pillar"}
    if len(days) < 2:
        return of
    return of | {"start": days[0].on.isoformat(), "end": days[-1].on.isoformat()}


def api_query(subject: Subject) -> dict[str, str]:
    return {key: value for key, value in subject.query.items() if key in ("site", "region")}


def pillar_links(subject: Subject, framework: Framework, span: Mapping[str, str]) -> list[Line]:
    of = {key: value for key, value in subject.query.items() if key != "pillar"} | dict(span)
    every = {"label": "All pillars", "url": link("trends", **of), "current": not subject.pillar}
    return [
        every,
        *(
            {
                "label": pillar.short_name,
                "url": link("trends", pillar=pillar.id, **of),
                "current": pillar.id == subject.pillar,
            }
            for pillar in framework.pillars
        ),
    ]


def region_links(subject: Subject, regions: Iterable[Region], span: Mapping[str, str]) -> list[Line]:
    kept = dict(span) | ({"pillar": subject.pillar} if subject.pillar else {})
    chosen = subject.region.pk if subject.region else None
    here = subject.site is None
    return [
        {"label": "Fleet", "url": link("trends", **kept), "current": here and chosen is None},
        *(
            {
                "label": each.name,
                "url": link("trends", region=each.slug, **kept),
                "current": here and each.pk == chosen,
            }
            for each in regions
        ),
    ]


def legend(*, several: bool) -> list[Line]:
    verdicts = (("ready", "ok"), ("conditional", "warn"), ("not-ready", "bad"))
    return [
        {
            "role": "accent",
            "shape": "line",
            "label": "score, and what it could be with all evidence",
        },
        *([{"role": "muted", "shape": "dash", "label": PLAIN}] if several else []),
        {"role": "deployed", "shape": "dash", "label": "coverage"},
        *(
            {"role": role, "shape": "dot", "label": state("verdict", verdict).word}
            for verdict, role in verdicts
        ),
    ]

"""Explanations as pages read them: key figures, steps of the chart, pillars, grants, links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.urls import reverse

from inventory.models import Region, Site
from readiness.boards.explain import causes, words
from readiness.boards.explain.causes import Cause
from readiness.boards.explain.charts import Waterfall
from readiness.boards.explain.params import Asked
from readiness.boards.explain.queries import FleetExplained, NothingKept, SiteExplained, SiteMove
from readiness.boards.version_links import difference_url
from readiness.scoring.core.coalitions import CAUSES
from readiness.scoring.core.explain import Causes, CheckMove, Move
from readiness.scoring.core.mean import BY_KW, NO_KW, PLAIN
from readiness.scoring.core.rounding import half_up
from readiness.scoring.queries.kept import Kept
from web.links import link
from web.units import how_many, plural

type Line = dict[str, Any]

PRESETS = (("now-7d", 7), ("now-30d", 30), ("now-90d", 90))
RUN = "run:"
MOST_MOVED = 5


@dataclass(frozen=True, slots=True)
class MovedCheckLine:
    """A check that moved, for the table. `share` is of the site's score; states are None where there was none."""

    id: str
    name: str
    pillar: str
    from_state: str
    to_state: str
    causes: str
    share: float
    by: Causes
    sentence: str
    url: str
    evidence_url: str
    evidence: str


def check_lines(explained: SiteExplained) -> list[MovedCheckLine]:
    return [_check_line(move, explained) for move in explained.explanation.checks]


def _check_line(move: CheckMove, explained: SiteExplained) -> MovedCheckLine:
    check = words.check_of(explained, move.check_id)
    evidence = next((side.evidence for side in (move.end, move.start) if side and side.evidence), "")
    is_run = evidence.startswith(RUN) and evidence.removeprefix(RUN).isdecimal()
    return MovedCheckLine(
        id=move.check_id,
        name=check.name if check else move.check_id,
        pillar=move.pillar,
        from_state=str(move.start.state) if move.start else "",
        to_state=str(move.end.state) if move.end else "",
        causes=words.moved_by(move.moved_by) or words.listed(words.causes_of(move)),
        share=sum(move.share.values()),
        by=move.share,
        sentence=words.check_sentence(move, explained),
        url=link("site-check", explained.site.slug, move.check_id),
        evidence_url=reverse("validation-run-detail", args=[evidence.removeprefix(RUN)]) if is_run else "",
        evidence="the run" if is_run else "",
    )


def pillar_lines(explained: SiteExplained) -> list[Line]:
    names = {
        pillar.id: pillar.short_name
        for kept in (explained.start, explained.end)
        for pillar in kept.framework.pillars
    }
    return [
        {
            "name": names[pillar_id],
            "start": words.score(move.start),
            "end": words.score(move.end),
            "change": words.points(move.change),
            "by": [
                {"label": words.CAUSE_WORDS[cause], "text": share_text(move.by[cause])} for cause in CAUSES
            ],
        }
        for pillar_id, move in explained.explanation.pillars.items()
    ]


def share_text(share: float) -> str:
    """The share as text, blank for a cause that did nothing so that the others stand out."""
    return words.points(share) if share else ""


def cause_heads() -> list[Line]:
    return [{"label": words.CAUSE_WORDS[cause], "means": words.MEANINGS[cause]} for cause in CAUSES]


def site_figures(explained: SiteExplained) -> list[Line]:
    explanation = explained.explanation
    verdicts = [
        words.verdict_word(side.verdict or "")
        for side in (explanation.verdict.start, explanation.verdict.end)
    ]
    same = verdicts[0] == verdicts[1]
    return [
        score_figure(explanation.score.start, explanation.score.end),
        {
            "label": "Verdict",
            "value": verdicts[1],
            "note": "as before" if same else f"was {verdicts[0]}",
        },
        _strongest_figure(causes.of_site(explanation.score)),
        {
            "label": "Checks that moved",
            "value": str(len(explanation.checks)),
            "note": f"of {len(explained.end.framework.checks)}",
        },
    ]


def fleet_figures(explained: FleetExplained) -> list[Line]:
    move = explained.move
    flipped = sum(row.verdicts[0] != row.verdicts[1] for row in explained.sites if not (row.came or row.went))
    coming = len(move.came) + len(move.went)
    by_kw = score_figure(move.start, move.end) | {"label": BY_KW}
    return [
        by_kw if move.end is not None else by_kw | {"note": NO_KW, "tone": "", "icon": ""},
        score_figure(*move.plain) | {"label": PLAIN},
        _strongest_figure(causes.of_fleet(move)),
        {
            "label": "Sites compared",
            "value": str(move.sites),
            "note": how_many(coming, "came or went", "came or went") if coming else "",
        },
        {"label": "Verdicts that changed", "value": str(flipped), "note": ""},
    ]


def score_figure(start: float | None, end: float | None) -> Line:
    change = half_up(1000 * (end or 0.0)) - half_up(1000 * (start or 0.0))
    tone = "ok" if change > 0 else "bad" if change < 0 else ""
    return {
        "label": "Score",
        "value": words.score(end) if end is not None else None,
        "note": f"{words.tenths(change)} from {words.score(start)}",
        "tone": tone,
        "icon": {"ok": "arrow-up", "bad": "arrow-down-right"}.get(tone, ""),
    }


def _strongest_figure(listed: Sequence[Cause]) -> Line:
    cause = causes.strongest(listed)
    return {
        "label": "Moved most by",
        "value": cause.label if cause else "nothing",
        "note": f"{cause.text} points" if cause else "",
    }


def site_waterfall(explained: SiteExplained) -> Waterfall:
    move, days = explained.explanation.score, (explained.start.on_date, explained.end.on_date)
    return _waterfall(move.start, move.end, days, causes.of_site(move))


def fleet_waterfall(explained: FleetExplained) -> Waterfall:
    move = explained.move
    return _waterfall(move.start, move.end, (explained.start, explained.end), causes.of_fleet(move))


def _waterfall(
    start: float | None, end: float | None, days: tuple[date, date], listed: tuple[Cause, ...]
) -> Waterfall:
    return Waterfall(words.day(days[0]), start or 0.0, words.day(days[1]), end or 0.0, listed)


def finding(move: Move) -> str:
    """The sentence that stands for the chart of a site."""
    return causes.sentence(move.start, move.end, causes.of_site(move))


def most_moved(explained: FleetExplained) -> list[Line]:
    """The sites that moved the score most, and the strongest cause of each."""
    lines = []
    for row in explained.sites[:MOST_MOVED]:
        if abs(row.weight) < words.POINTS_SHOWN:
            break
        lines.append(
            {
                "name": row.site.name,
                "url": link(
                    "explain",
                    site=row.site.slug,
                    start=explained.start.isoformat(),
                    end=explained.end.isoformat(),
                ),
                "verdict": row.verdicts[0] if row.went else row.verdicts[1],
                "why": _why(row),
                "adds": words.points(row.weight),
            }
        )
    return lines


def _why(row: SiteMove) -> str:
    """How a site moved the score of all; its capacity may have done more than the change of its own score."""
    if row.came or row.went:
        return "came" if row.came else "went"
    cause = causes.strongest(causes.of_site(row.move))
    by_own_score = row.weight - row.by_capacity
    return cause.label if cause and abs(by_own_score) >= abs(row.by_capacity) else str(causes.CAPACITY)


def verdict_line(explained: SiteExplained) -> Line | None:
    """How the verdict flipped, in words; None where it is the same."""
    verdict = explained.explanation.verdict
    if not verdict.moved_by:
        return None
    reasons = [(verdict.start.reason, explained.start), (verdict.end.reason, explained.end)]
    responsible = {*verdict.start.deciding, *verdict.end.deciding}
    return {
        "start": verdict.start.verdict or "",
        "end": verdict.end.verdict or "",
        "how": words.how_it_flipped(verdict.moved_by),
        "reasons": [{"day": words.day(kept.on_date), "text": reason} for reason, kept in reasons],
        "checks": [line for line in check_lines(explained) if line.id in responsible],
    }


def grant_lines(explained: SiteExplained) -> list[Line]:
    lines = []
    for move in explained.explanation.grants:
        check_id = move.covers.partition("/")[0]
        check = words.check_of(explained, check_id)
        lines.append(
            {
                "label": f"{words.GRANT_WORDS[move.kind]} #{move.grant.id}",
                "url": reverse("waiver", args=[move.grant.id]) if move.grant.id.isdecimal() else "",
                "did": "began" if move.began else "ended",
                "at": move.grant.starts_at if move.began else move.grant.ends_at,
                "check": check.name if check else move.covers,
                "check_url": link("site-check", explained.site.slug, check_id),
                "reason": move.grant.reason,
            }
        )
    return lines


def fact_lines(explained: SiteExplained) -> list[Line]:
    return [
        {"name": move.fact.replace("_", " "), "start": _fact(move.start), "end": _fact(move.end)}
        for move in explained.explanation.facts
    ]


def _fact(fact: object) -> str:
    if fact is None:
        return "not known"
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, frozenset):
        return ", ".join(sorted(fact)) or "not known"
    return str(fact)


def notes(explained: SiteExplained, asked: Asked) -> list[str]:
    """Notes where another day stands for the one that was asked for."""
    return [
        f"Nothing is kept for {words.day(day)}; {words.day(kept.on_date)} is the nearest before."
        for kept, day in ((explained.start, asked.start), (explained.end, asked.end))
        if kept.on_date != day
    ]


def nothing_kept(missing: NothingKept) -> str:
    sentence = f"Nothing is kept for {words.day(missing.day)}, nor for the two weeks before."
    if missing.first is None or missing.last is None:
        return sentence + " " + "The inputs of a score are kept from its next evaluation on."
    return (
        sentence + " " + f"There is something from {words.day(missing.first)} to {words.day(missing.last)}."
    )


def left_out(sites: Iterable[Site]) -> str:
    names = [site.name for site in sites]
    if not names:
        return ""
    message = plural(
        len(names),
        "%(n)s site is left out, since nothing is kept of it near one of the days: %(names)s.",
        "%(n)s sites are left out, since nothing is kept of them near one of the days: %(names)s.",
    )
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return message % {"n": len(names), "names": shown}


def presets(asked: Asked, *, now: datetime) -> list[Line]:
    of = {key: value for key, value in asked.query.items() if key not in ("start", "end")}
    today = now.astimezone(UTC).date()
    is_now = asked.end == today
    lines = [
        {
            "label": f"{days} days",
            "url": link("explain", **of, start=text, end="now"),
            "current": is_now and asked.start == today - timedelta(days=days),
        }
        for text, days in PRESETS
    ]
    since = _since_verdict(asked.site)
    if since is not None:
        lines.append(
            {
                "label": "Since the last change of verdict",
                "url": link("explain", **of, start=since.isoformat(), end="now"),
                "current": is_now and asked.start == since,
            }
        )
    return lines


def _since_verdict(site: Site | None) -> Any:
    """The day before the verdict changed last, so that the change lies between."""
    stored = getattr(site, "score", None)
    return (
        stored.verdict_since.astimezone(UTC).date() - timedelta(days=1) if stored and stored.verdict else None
    )


def regions(asked: Asked, every: Iterable[Region]) -> list[Line]:
    days = {key: value for key, value in asked.query.items() if key in ("start", "end")}
    chosen = asked.region.pk if asked.region else None
    return [
        {"label": "Fleet", "url": link("explain", **days), "current": chosen is None},
        *(
            {
                "label": region.name,
                "url": link("explain", region=region.slug, **days),
                "current": region.pk == chosen,
            }
            for region in every
        ),
    ]


def versions(start: Kept, end: Kept) -> Line | None:
    """The versions that judged at each end, with a link to their differences; None where both are the same."""
    old, new = start.framework.version, end.framework.version
    if old == new:
        return None
    return {"label": f"{old} → {new}", "url": difference_url(start.version_id, end.version_id)}


def versions_of_fleet(explained: FleetExplained) -> Line | None:
    old, new = (", ".join(each) for each in explained.versions)
    return None if old == new else {"label": f"{old} → {new}", "url": ""}


def rest_line(explained: SiteExplained) -> str:
    """The change of weight among the checks that did not move, where it shows."""
    total = sum(explained.explanation.rest.values())
    if all(abs(share) < words.POINTS_SHOWN for share in explained.explanation.rest.values()):
        return ""
    weigh = "The checks that did not move weigh more or less than they did, since others came or went"
    return f"{weigh}: {words.points(total)} points."

"""Score changes: the page for one site, and for several."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from readiness.assessment.scoring.core.coalitions import CAUSES
from readiness.assessment.scoring.core.explain import Causes, CheckMove, FactMove
from readiness.assessment.scoring.core.mean import NO_KW
from readiness.assessment.scoring.core.states import FlipCause
from readiness.boards.explain import charts as explain_charts
from readiness.boards.explain import queries, sentences
from readiness.boards.explain.charts import Waterfall
from readiness.boards.explain.queries import FleetExplained, NothingKept, SiteExplained, SiteMove
from readiness.boards.params import TwoDays, two_days
from web import tables as table_kit
from web.charts import Figure, nothing
from web.clock import now
from web.links import link
from web.reports import Report, chart_urls
from web.tables import Column, Table, TablePage
from web.units import number

RUN = "run:"


@dataclass(frozen=True, slots=True)
class MovedCheckLine:
    id: str
    check: str
    claim: str
    from_state: str
    to_state: str
    causes: str
    share: float
    by: Causes
    sentence: str
    url: str
    evidence_url: str


def check_lines(explained: SiteExplained) -> list[MovedCheckLine]:
    return [_check_line(move, explained) for move in explained.explanation.checks]


def _check_line(move: CheckMove, explained: SiteExplained) -> MovedCheckLine:
    check = sentences.check_of(explained, move.check_id)
    evidence_refs = (side.figures.evidence for side in (move.end, move.start) if side)
    evidence = next(filter(None, evidence_refs), "")
    run = evidence.removeprefix(RUN) if evidence.startswith(RUN) else ""
    return MovedCheckLine(
        id=move.check_id,
        check=check.name if check else move.check_id,
        claim=check.claim if check else "",
        from_state=str(move.start.state) if move.start else "",
        to_state=str(move.end.state) if move.end else "",
        causes=sentences.moved_by(move.moved_by) or sentences.listed(sentences.causes_of(move)),
        share=sum(move.share.values()),
        by=move.share,
        sentence=sentences.check_sentence(move, explained),
        url=link("site-check", explained.site.slug, move.check_id),
        evidence_url=reverse("validation-run-detail", args=[run]) if run.isdecimal() else "",
    )


def moved_checks() -> Table:
    return Table(
        id="moved-checks",
        noun=("check", "checks"),
        label="Checks that moved",
        title="Checks that moved",
        columns=(
            Column("state", "State", lambda row: f"{row.from_state or '-'} → {row.to_state or '-'}",
                   template="readiness/explain/states_cell.html", phone="status"),
            Column("check", "Check", url="url", template="readiness/cells/check.html", sort=True, locked=True,
                   phone="title", export="id"),
            Column("causes", "Cause", sort=True),
            _points("share", "Effect on the score", lambda row: row.share, hint="Points of 100 of the site’s score"),
            Column("told", "What moved", "sentence", template="readiness/explain/told_cell.html", phone="full"),
            *(_cause_column(cause, _share_in_check(cause), default=False) for cause in CAUSES),
        ),
        row_id="id",
        row_name="check",
        nothing="readiness/nothing.html#moved-checks",
    )  # fmt: skip


def moved_sites(period: TwoDays) -> Table:
    return Table(
        id="moved-sites",
        noun=("site", "sites"),
        label="Sites that moved most",
        title="Sites that moved most",
        columns=(
            Column("verdict", "Verdict", lambda row: " → ".join(verdict or "-" for verdict in row.verdicts),
                   template="readiness/explain/verdicts_cell.html", phone="status"),
            Column("site", "Site", "site.name", url=lambda row: link("explain", site=row.site.slug, **period.days),
                   sort=True, locked=True, phone="title", export="site.slug"),
            Column("region", "Region", "site.region.name", default=False),
            _level("start", "Before", lambda row: None if row.came else row.move.start),
            _level("end", "After", lambda row: None if row.went else row.move.end),
            _points("change", "Change", lambda row: row.change, text=_change, sort=lambda row: abs(row.weight)),
            _points("adds", "Effect on the score", lambda row: row.weight,
                    hint="Points of 100 of the score by deployed kW"),
            _kw("start_kw", "Deployed before, kW"),
            _kw("end_kw", "Deployed after, kW"),
            *(_cause_column(cause, _share_at_site(cause), default=True) for cause in CAUSES),
        ),
        row_id="site.pk",
        row_name="site.name",
        nothing="readiness/nothing.html#moved-sites",
        per_page=25,
    )  # fmt: skip


def _points(key: str, label: str, value: Callable[[Any], float | None], **more: Any) -> Column:
    def exported(row: Any) -> float | None:
        share = value(row)
        return None if share is None else round(100 * share, 4)

    usual: dict[str, Any] = {
        "text": lambda row: sentences.points(value(row)),
        "sort": lambda row: abs(value(row) or 0.0),
    }
    return Column(key, label, value, numeric=True, export=exported, file_unit="points", **usual | more)


def _cause_column(cause: FlipCause, share: Callable[[Any], float], *, default: bool) -> Column:
    def text(row: Any) -> str:
        return sentences.points(share(row)) if share(row) else "–"

    label, means = sentences.CAUSE_WORDS[cause], sentences.MEANINGS[cause]
    return _points(str(cause), label, share, text=text, default=default, hint=means)


def _share_in_check(cause: FlipCause) -> Callable[[MovedCheckLine], float]:
    return lambda row: row.by[cause]


def _share_at_site(cause: FlipCause) -> Callable[[SiteMove], float]:
    return lambda row: 0.0 if row.came or row.went else row.move.by[cause]


def _kw(key: str, label: str) -> Column:
    def kw(row: SiteMove) -> float | None:
        value: float | None = getattr(row.ends, key)
        return value

    def text(row: SiteMove) -> str:
        return "" if (value := kw(row)) is None else number(value)

    return Column(key, label, kw, text, sort=lambda row: kw(row) or 0.0, numeric=True, default=False)


def _level(key: str, label: str, score: Callable[[SiteMove], float | None]) -> Column:
    def text(row: SiteMove) -> str:
        return "" if score(row) is None else sentences.score(score(row))

    return _points(key, label, score, text=text, sort=lambda row: -1.0 if score(row) is None else score(row))


def _change(row: SiteMove) -> str:
    return "New site" if row.came else "No longer counted" if row.went else sentences.points(row.change)


PRESETS = (7, 30, 90)
MOST_MOVED = 5
EXPLAIN = Report("readiness/explain/page.html", "inventory.view_site", "scoring.view_checkresult")


@EXPLAIN.page
def page(request: HttpRequest) -> tuple[TablePage | None, Any]:
    at = now()
    period = two_days(request.GET, now=at)
    table, answer = (_site if period.site else _fleet)(request, period)
    return table, lambda: _around(period, at) | answer


@EXPLAIN.chart
def chart(request: HttpRequest) -> Figure:
    period = two_days(request.GET, now=now())
    if period.site is None:
        fleet = queries.fleet_explained(period.start, period.end, period.region)
        if fleet.move.start is None and fleet.move.end is None:
            return nothing(sentences.fleet_finding(fleet))
        days, move, steps = (fleet.start, fleet.end), fleet.move, sentences.fleet_causes(fleet.move)
        return _waterfall(days, move, steps, sentences.fleet_finding(fleet))
    explained = queries.site_explained(period.site, period.start, period.end)
    if isinstance(explained, NothingKept):
        return nothing(sentences.nothing_kept(explained))
    of_site = explained.explanation.score
    days = (explained.start.on_date, explained.end.on_date)
    return _waterfall(days, of_site, sentences.site_causes(of_site), sentences.finding(of_site))


def _waterfall(days: Any, move: Any, steps: tuple[sentences.Cause, ...], finding: str) -> Figure:
    falls = Waterfall(days[0], move.start, days[1], move.end, steps)
    return explain_charts.waterfall(falls, finding=finding)


def _site(request: HttpRequest, period: TwoDays) -> tuple[TablePage | None, dict[str, Any]]:
    assert period.site is not None
    explained = queries.site_explained(period.site, period.start, period.end)
    if isinstance(explained, NothingKept):
        return None, {"nothing_kept": sentences.nothing_kept(explained)}
    explanation = explained.explanation
    lines = check_lines(explained)
    deciding = {*explanation.verdict.start.deciding, *explanation.verdict.end.deciding}
    old, new = explained.start.framework.version, explained.end.framework.version
    return table_kit.page(request, moved_checks(), lines), {
        "explained": explained,
        "score": score_figure(explanation.score.start, explanation.score.end),
        "strongest": sentences.strongest(sentences.site_causes(explanation.score)),
        "finding": sentences.finding(explanation.score),
        "flipped": sentences.how_it_flipped(explanation.verdict.moved_by),
        "deciding": [line for line in lines if line.id in deciding],
        "notes": [
            f"There is no data for {sentences.day(day)}; the page uses {sentences.day(nearest.on_date)}."
            for nearest, day in ((explained.start, period.start), (explained.end, period.end))
            if nearest.on_date != day
        ],
        "causes": [(sentences.CAUSE_WORDS[cause], sentences.MEANINGS[cause]) for cause in sentences.CAUSES],
        "rest": sentences.other_weights(explained),
        "grants": _grants(explained),
        "facts": [_fact(move) for move in explanation.facts],
        "versions": None if old == new else f"{old} → {new}",
        "versions_url": link("framework-difference", explained.start.version_id, to=explained.end.version_id),
    }


def _fleet(request: HttpRequest, period: TwoDays) -> tuple[TablePage | None, dict[str, Any]]:
    explained = queries.fleet_explained(period.start, period.end, period.region)
    if explained.missing is not None:
        return None, {"nothing_kept": sentences.fleet_finding(explained)}
    context: dict[str, Any] = {
        "left_out": sentences.left_out(explained.left_out),
        "too_many": sentences.too_many(explained.too_many) if explained.too_many else "",
    }
    if not explained.sites:
        return None, context
    move = explained.move
    no_kw = {"note": NO_KW, "tone": "", "icon": ""} if move.end is None else {}
    old, new = (", ".join(versions) for versions in explained.versions)
    stayed = [row for row in explained.sites if not (row.came or row.went)]
    return table_kit.page(request, moved_sites(period), list(explained.sites)), context | {
        "fleet": explained,
        "score": score_figure(move.start, move.end) | no_kw,
        "plain": score_figure(*move.plain),
        "strongest": sentences.strongest(sentences.fleet_causes(move)),
        "coming": len(move.came) + len(move.went),
        "flipped_sites": sum(row.verdicts[0] != row.verdicts[1] for row in stayed),
        "finding": sentences.fleet_finding(explained),
        "most_moved": most_moved(explained),
        "versions": None if old == new else f"{old} → {new}",
    }


def score_figure(start: float | None, end: float | None) -> dict[str, Any]:
    change = sentences.change(start, end)
    tone = "ok" if change > 0 else "bad" if change < 0 else ""
    return {
        "value": sentences.score(end) if end is not None else None,
        "note": f"{sentences.tenths(change)} from {sentences.score(start)}",
        "tone": tone,
        "icon": {"ok": "arrow-up", "bad": "arrow-down-right"}.get(tone, ""),
    }


def most_moved(explained: FleetExplained) -> list[dict[str, Any]]:
    days = {"start": explained.start, "end": explained.end}
    return [
        {
            "site": row.site,
            "url": link("explain", site=row.site.slug, **days),
            "verdict": row.verdicts[0] if row.went else row.verdicts[1],
            "why": sentences.main_cause(row),
            "adds": sentences.points(row.weight),
        }
        for row in explained.sites[:MOST_MOVED]
        if abs(row.weight) >= sentences.POINTS_SHOWN
    ]


def _grants(explained: SiteExplained) -> list[dict[str, Any]]:
    lines = []
    for move in explained.explanation.grants:
        check_id = move.covers.partition("/")[0]
        check = sentences.check_of(explained, check_id)
        lines.append(
            {
                "move": move,
                "label": f"{sentences.GRANT_WORDS[move.kind]} #{move.grant.id}",
                "url": link("waiver", move.grant.id) if move.grant.id.isdecimal() else "",
                "check": check.name if check else move.covers,
                "check_url": link("site-check", explained.site.slug, check_id),
            }
        )
    return lines


def _fact(move: FactMove) -> dict[str, str]:
    def text(fact: object) -> str:
        if isinstance(fact, bool):
            return "yes" if fact else "no"
        if isinstance(fact, frozenset):
            return ", ".join(sorted(fact)) or "not known"
        return "not known" if fact is None else str(fact)

    return {"name": move.fact.replace("_", " "), "start": text(move.start), "end": text(move.end)}


def _around(period: TwoDays, at: datetime) -> dict[str, Any]:
    return {
        "asked": period,
        "site": period.site,
        "presets": _presets(period, at),
        **period.others("explain", period.days),
        "chart": chart_urls("explain-chart", **period.query),
        "api_url": link("scoring-api-explain", **period.query),
        "changes_url": link("site", period.site.slug, tab="changes") if period.site else "",
    }


def _presets(period: TwoDays, at: datetime) -> list[Mapping[str, Any]]:
    today = at.astimezone(UTC).date()
    current = period.start if period.end == today else None
    spans = [(today - timedelta(days=days), f"now-{days}d", f"{days} days") for days in PRESETS]
    stored = getattr(period.site, "score", None)
    if stored and stored.verdict:
        since = stored.verdict_since.astimezone(UTC).date() - timedelta(days=1)
        spans.append((since, since.isoformat(), "Since the last change of verdict"))
    return [
        {
            "label": label,
            "url": link("explain", **period.place, start=text, end="now"),
            "current": start == current,
        }
        for start, text, label in spans
    ]

"""Columns as data: the checks of a site that moved, and the sites that moved most."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from readiness.boards.explain import sentences
from readiness.boards.explain.params import Asked
from readiness.boards.explain.queries import SiteExplained, SiteMove
from readiness.scoring.core.coalitions import CAUSES
from readiness.scoring.core.explain import Causes, CheckMove
from readiness.scoring.core.states import FlipCause
from web.links import link
from web.tables import Column, Table
from web.units import number

RUN = "run:"


@dataclass(frozen=True, slots=True)
class MovedCheckLine:
    id: str
    check: str
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
    evidence = next((side.evidence for side in (move.end, move.start) if side and side.evidence), "")
    run = evidence.removeprefix(RUN) if evidence.startswith(RUN) else ""
    return MovedCheckLine(
        id=move.check_id,
        check=check.name if check else move.check_id,
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
            *(_of_cause(cause, _in_check(cause), default=False) for cause in CAUSES),
        ),
        row_id="id",
        row_name="check",
        empty={
            "title": "No check moved",
            "text": "Every check is in the state that it was in, for the same reasons.",
            "icon": "circle-check",
        },
    )  # fmt: skip


def moved_sites(asked: Asked) -> Table:
    return Table(
        id="moved-sites",
        noun=("site", "sites"),
        label="Sites that moved most",
        title="Sites that moved most",
        columns=(
            Column("verdict", "Verdict", lambda row: " → ".join(verdict or "-" for verdict in row.verdicts),
                   template="readiness/explain/verdicts_cell.html", phone="status"),
            Column("site", "Site", "site.name", url=lambda row: link("explain", site=row.site.slug, **asked.days),
                   sort=True, locked=True, phone="title", export="site.slug"),
            Column("region", "Region", "site.region.name", default=False),
            _level("start", "Before", lambda row: None if row.came else row.move.start),
            _level("end", "After", lambda row: None if row.went else row.move.end),
            _points("change", "Change", lambda row: row.change, text=_change, sort=lambda row: abs(row.weight)),
            _points("adds", "Effect on the score", lambda row: row.weight,
                    hint="Points of 100 of the score by deployed kW"),
            _kw("start_kw", "Deployed before, kW"),
            _kw("end_kw", "Deployed after, kW"),
            *(_of_cause(cause, _at_site(cause), default=True) for cause in CAUSES),
        ),
        row_id="site.pk",
        row_name="site.name",
        empty={"title": "No site to compare", "text": "", "icon": "building-factory-2"},
        per_page=25,
    )  # fmt: skip


def _points(key: str, label: str, value: Callable[[Any], float | None], **more: Any) -> Column:
    def exported(row: Any) -> float | None:
        share = value(row)
        return None if share is None else round(100 * share, 4)

    given: dict[str, Any] = {
        "text": lambda row: sentences.points(value(row)),
        "sort": lambda row: abs(value(row) or 0.0),
    }
    return Column(key, label, value, numeric=True, export=exported, file_unit="points", **given | more)


def _of_cause(cause: FlipCause, share: Callable[[Any], float], *, default: bool) -> Column:
    def text(row: Any) -> str:
        return sentences.points(share(row)) if share(row) else ""

    label, means = sentences.CAUSE_WORDS[cause], sentences.MEANINGS[cause]
    return _points(str(cause), label, share, text=text, default=default, hint=means)


def _in_check(cause: FlipCause) -> Callable[[MovedCheckLine], float]:
    return lambda row: row.by[cause]


def _at_site(cause: FlipCause) -> Callable[[SiteMove], float]:
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
    return "came" if row.came else "went" if row.went else sentences.points(row.change)

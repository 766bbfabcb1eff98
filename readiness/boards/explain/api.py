"""`GET /api/readiness/explain/`: why a site, a region or the fleet moved between two days."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as fields
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from readiness.assessment.scoring.core.explain import Causes, CheckMove, Move
from readiness.assessment.scoring.queries.results import Kept
from readiness.boards.explain import sentences
from readiness.boards.explain.queries import (
    FleetExplained,
    NothingKept,
    SiteExplained,
    SiteMove,
    fleet_explained,
    site_explained,
)
from readiness.boards.params import TwoDays, two_days
from web import clock
from web.rest.fields import brief
from web.rest.reports import endpoint, parameter
from web.timerange import BadParameter

_PARAMETERS = [
    parameter("site", "Slug. Without it or a region, the fleet."),
    parameter("region", "Slug. Ignored if a site is given."),
    parameter("start", "A date (UTC day), now-7d, ISO 8601 or epoch ms; now-30d unless given."),
    parameter("end", "The same; now unless given. A day stands for its last evaluation."),
]
_answer = inline_serializer(
    "Explained",
    {
        "site": fields.DictField(allow_null=True),
        "region": fields.DictField(allow_null=True),
        "start": fields.DictField(
            help_text="Day, score (0 to 1), verdict and version at the start. Of several sites `score` is by deployed"
            " kW, null where no site has any, and `plain_mean` their plain mean"
        ),
        "end": fields.DictField(),
        "change": fields.FloatField(),
        "causes": fields.DictField(
            child=fields.FloatField(),
            help_text="Shapley values; they add up to the change, for several sites together with `capacity` and"
            " `sites_came_or_went`",
        ),
        "capacity": fields.FloatField(
            required=False, help_text="For several sites: effect of changes in deployed kW"
        ),
        "sites_came_or_went": fields.FloatField(
            required=False, help_text="For several sites: effect of sites that have capacity on one day only"
        ),
        "sentence": fields.CharField(),
        "pillars": fields.ListField(child=fields.DictField(), help_text="Of a site"),
        "checks": fields.ListField(child=fields.DictField(), help_text="For one site: the checks that moved"),
        "sites": fields.ListField(
            child=fields.DictField(), help_text="For several sites: the largest effect on the score first"
        ),
    },
)


@endpoint(
    "scoring.view_checkresult", parameters=_PARAMETERS, answer=_answer, operation_id="readiness_explain"
)
def explain(request: Request) -> dict[str, Any]:
    asked = two_days(request.GET, now=clock.now())
    context = {"request": request}
    if asked.site is None:
        fleet = fleet_explained(asked.start, asked.end, asked.region)
        if fleet.too_many:
            raise BadParameter("region", sentences.too_many(fleet.too_many))
        return _fleet(fleet, asked, context)
    explained = site_explained(asked.site, asked.start, asked.end)
    if isinstance(explained, NothingKept):
        raise NotFound(sentences.nothing_kept(explained))
    return _site(explained, asked, context)


def _site(explained: SiteExplained, asked: TwoDays, context: dict[str, Any]) -> dict[str, Any]:
    explanation = explained.explanation
    verdict = explanation.verdict
    return {
        "site": brief(explained.site, context),
        "region": None,
        "start": _end(
            explained.start, asked.start.isoformat(), explanation.score.start, verdict.start.verdict
        ),
        "end": _end(explained.end, asked.end.isoformat(), explanation.score.end, verdict.end.verdict),
        "change": explanation.score.change,
        "causes": _by(explanation.score.by),
        "sentence": sentences.finding(explanation.score),
        "verdict_moved_by": [list(map(str, causes)) for causes in verdict.moved_by],
        "pillars": [{"pillar": key, **_move(move)} for key, move in explanation.pillars.items()],
        "checks": [_check(move, explained) for move in explanation.checks],
        "rest": _by(explanation.rest),
        "grants": [
            {"kind": move.kind, "covers": move.covers, "id": move.grant.id, "began": move.began}
            for move in explanation.grants
        ],
        "facts": [
            {"fact": move.fact, "start": _plain(move.start), "end": _plain(move.end)}
            for move in explanation.facts
        ],
    }


def _end(kept: Kept, asked: str, score: float | None, verdict: str | None) -> dict[str, Any]:
    return {
        "asked": asked,
        "on_date": kept.on_date,
        "evaluated_at": kept.evaluated_at,
        "score": score,
        "verdict": verdict,
        "framework_version": kept.framework.version,
    }


def _move(move: Move) -> dict[str, Any]:
    return {"start": move.start, "end": move.end, "change": move.change, "causes": _by(move.by)}


def _check(move: CheckMove, explained: SiteExplained) -> dict[str, Any]:
    return {
        "check": move.check_id,
        "pillar": move.pillar,
        "from_state": move.start.state if move.start else None,
        "to_state": move.end.state if move.end else None,
        "causes": _by(move.share),
        "points": _by(move.points),
        "moved_by": [list(map(str, causes)) for causes in move.moved_by],
        "sentence": sentences.check_sentence(move, explained),
    }


def _fleet(explained: FleetExplained, asked: TwoDays, context: dict[str, Any]) -> dict[str, Any]:
    move = explained.move
    return {
        "site": None,
        "region": brief(asked.region, context) if asked.region else None,
        "start": _fleet_end(asked.start, move.start, move.plain[0], explained.versions[0]),
        "end": _fleet_end(asked.end, move.end, move.plain[1], explained.versions[1]),
        "change": move.change,
        "causes": _by(move.by),
        "capacity": move.capacity,
        "sites_came_or_went": move.coming_and_going,
        "sentence": sentences.fleet_finding(explained),
        "sites": [_of_several(row, context) for row in explained.sites],
        "left_out": [brief(site, context) for site in explained.left_out],
    }


def _fleet_end(
    asked: date, score: float | None, mean: float | None, versions: Sequence[str]
) -> dict[str, Any]:
    return {"asked": asked, "score": score, "plain_mean": mean, "framework_versions": versions}


def _of_several(row: SiteMove, context: dict[str, Any]) -> dict[str, Any]:
    start, end = row.verdicts
    return {
        "site": brief(row.site, context),
        "start": None if row.came else row.move.start,
        "end": None if row.went else row.move.end,
        "verdict_start": None if row.came else start or None,
        "verdict_end": None if row.went else end or None,
        "start_kw": row.ends.start_kw,
        "end_kw": row.ends.end_kw,
        "adds": row.weight,
        "causes": _by(row.move.by),
    }


def _by(by: Causes) -> dict[str, float]:
    return {str(cause): share for cause, share in by.items()}


def _plain(fact: object) -> object:
    return sorted(fact) if isinstance(fact, frozenset) else fact

"""The health card on an object's page: since when, value and limit, affected checks, and the owner."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts.models import User
from inventory.models import PowerFeed, Site
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.core.definition import Check
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.queries.rows import ref_of
from readiness.assessment.scoring.queries.standing import annotate_owner
from readiness.boards.health.sentences import reading_words
from readiness.boards.objects.queries import MODELS, ObjectHealth, health_of, reasons_of, site_id_of
from readiness.loop.problems.advice import code_of_reason
from telemetry import queries as telemetry
from telemetry.core.codes import Code
from telemetry.core.matching import OBJECT_COLUMNS
from telemetry.core.registry import registry
from telemetry.links import explore_url
from telemetry.models import Series
from web.kinds.panels import Panel
from web.links import link
from web.tables import Column
from web.units import format_value

MAY_SEE = "scoring.view_domainhealth"
WITHIN_S = 86_400
COLUMN = Column(
    "health",
    "Health",
    template="readiness/objects/health_cell.html",
    export=lambda row: row.health.state.value if row.health else None,
)


@dataclass(frozen=True, slots=True)
class TouchedCheck:
    check: Check
    state: str


def health_panel(obj: Model, *, user: User, now: datetime) -> Panel | None:
    if not user.has_perm(MAY_SEE):
        return None
    kind = MODELS[type(obj)]
    column = OBJECT_COLUMNS[kind]
    sites = Site.objects.select_related("region").filter(pk=site_id_of(obj))
    site = annotate_owner(sites, now=now).get()
    health = health_of([obj], now=now)[obj.pk]
    sent = Series.objects.filter(**{column: obj.pk}).order_by()
    metrics = set(sent.values_list("metric", flat=True).distinct())
    context: dict[str, Any] = {
        "health": health,
        "site": ref_of(site),
        "others": reasons_of(obj)[1:] if health.reason else (),
        "value": reading_words(health.reason) if health.reason else "",
        "limit": _limit(health),
        "code": _code(health),
        "heard_at": _heard_at(kind, obj, site, metrics, now),
        "checks": _touched_checks(site, metrics),
        "meter": _meter(obj, now),
    }
    if user.has_perm("telemetry.view_series") and (metric := _deciding(health, metrics)):
        params = {"site": site.slug, "metric": metric, column: obj.pk, "start": "now-24h", "end": "now"}
        definition = registry().get(metric, None)
        context |= {
            "chart_title": definition.title if definition else metric,
            "chart_url": link("explore-chart", **params),
            "explore_url": explore_url(params),
        }
    happened = {"label": "Timeline", "url": link("timeline", object=f"{obj._meta.model_name}:{obj.pk}")}
    return Panel(
        "health", "Health", "readiness/objects/health.html", context, span=12, order=50, links=(happened,)
    )


def _meter(obj: Model, now: datetime) -> dict[str, Any] | None:
    """A feed seldom has samples of its own, so use the device that measures it."""
    if not isinstance(obj, PowerFeed) or obj.device is None:
        return None
    return {"device": obj.device, "health": health_of([obj.device], now=now)[obj.device.pk]}


def _limit(health: ObjectHealth) -> str:
    reason = health.reason
    return (
        "" if reason is None or reason.threshold is None else str(format_value(reason.threshold, reason.unit))
    )


def _code(health: ObjectHealth) -> Code | None:
    return code_of_reason(health.reason) if health.reason else None


def _deciding(health: ObjectHealth, metrics: Collection[str]) -> str:
    """The metric that explains the object's health, else the first metric that could."""
    if health.reason is not None and health.reason.metric:
        return health.reason.metric
    judged = (
        name for name in sorted(metrics) if (definition := registry().get(name, None)) and definition.health
    )
    return next(judged, "")


def _heard_at(kind: str, obj: Model, site: Site, metrics: Collection[str], now: datetime) -> datetime | None:
    if not metrics:
        return None
    seen = telemetry.snapshot([site.pk], metrics, now=now).last_seen(within_s=WITHIN_S)
    return max(
        (each.newest_at for each in seen if (each.object_kind, each.object_id) == (kind, obj.pk)),
        default=None,
    )


def _touched_checks(site: Site, metrics: Collection[str]) -> Sequence[TouchedCheck]:
    """Checks that are computed from the object's data, with their present state at its site."""
    _version, framework = framework_queries.current()
    touched = {
        check.id: check
        for check in framework.checks
        if any(not set(part.metrics).isdisjoint(metrics) for part in check.parts)
    }
    if not touched:
        return ()
    results = CheckResult.objects.filter(site=site, check_id__in=touched).exclude(state="n-a")
    return [
        TouchedCheck(touched[check_id], state)
        for check_id, state in results.order_by("check_id").values_list("check_id", "state")
    ]

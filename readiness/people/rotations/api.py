"""`GET /api/people/oncall/`: who is on call at an instant, and whether they have what the sites require."""

from datetime import UTC
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as fields
from rest_framework.request import Request

from inventory.models.places import DomainChoices
from readiness.people.queries.on_call import DutyHolder, DutyRow, duties_at
from readiness.people.rotations.duties import duties_now, sites
from readiness.people.rotations.tables import STANDINGS
from readiness.people.rotations.views import SEE
from web import clock
from web.rest.reports import endpoint, parameter
from web.timerange import BadParameter, parse_instant
from web.visibility import sees_names

_HOLDER: dict[str, Any] = {
    "person": fields.DictField(
        allow_null=True, help_text="Id and name; null without permission to see names"
    ),
    "is_covered": fields.BooleanField(),
    "is_on_leave": fields.BooleanField(),
    "starts_at": fields.DateTimeField(),
    "ends_at": fields.DateTimeField(),
}
_ROW = inline_serializer(
    "OnCallDuty",
    {
        "site": fields.CharField(),
        "domain": fields.CharField(),
        "standing": fields.ChoiceField(choices=list(STANDINGS)),
        "primary": inline_serializer("OnCallPrimary", _HOLDER, many=True),
        "secondary": inline_serializer("OnCallSecondary", _HOLDER, many=True),
        "lacks": fields.ListField(child=fields.CharField()),
        "handover_at": fields.DateTimeField(allow_null=True),
        "rotations": fields.ListField(child=fields.CharField()),
    },
    many=True,
)
_ANSWER = inline_serializer("OnCallAt", {"at": fields.DateTimeField(), "results": _ROW})


@endpoint(
    *SEE,
    answer=_ANSWER,
    operation_id="people_oncall",
    parameters=[
        parameter("site", "Slug; every site unless given.", many=True),
        parameter("region", "Slug of a region.", many=True),
        parameter("domain", "Domain.", many=True, enum=DomainChoices.values),
        parameter("at", "now-7d, ISO 8601 or epoch ms; now unless given."),
    ],
    summary="Who is on call, and what they lack",
)
def on_call(request: Request) -> Any:
    now = clock.now()
    at = parse_instant(request.GET.get("at") or "now", now=now, zone=UTC, field="at")
    asked = {name: _several(request, name) for name in ("site", "region", "domain")}
    if unknown := set(asked["domain"]) - set(DomainChoices.values):
        raise BadParameter("domain", f"There is no {min(unknown)[:100]}.")
    names = sees_names(request.user)
    duties = duties_at(sites(), at=at) if request.GET.get("at") else duties_now(now=now)
    return {
        "at": at,
        "results": [
            _row(row, names=names)
            for row in duties
            if (not asked["site"] or row.site.slug in asked["site"])
            and (not asked["region"] or row.site.region.slug in asked["region"])
            and (not asked["domain"] or row.domain in asked["domain"])
        ],
    }


def _several(request: Request, name: str) -> list[str]:
    values = [each for value in request.GET.getlist(name) for each in value.split(",") if each]
    if any("\0" in value for value in values):
        raise BadParameter(name, "holds a character that no name has")
    return values


def _row(row: DutyRow, *, names: bool) -> dict[str, Any]:
    return {
        "site": row.site.slug,
        "domain": row.domain,
        "standing": row.standing,
        "primary": [_holder(each, names=names) for each in row.primary],
        "secondary": [_holder(each, names=names) for each in row.secondary],
        "lacks": [str(lack) for lack in row.lacks],
        "handover_at": row.next_shift.starts_at if row.next_shift else None,
        "rotations": [rotation.slug for rotation in row.rotations],
    }


def _holder(holder: DutyHolder, *, names: bool) -> dict[str, Any]:
    shown = holder.person if names else None
    return {
        "person": {"id": shown.pk, "name": shown.name} if shown else None,
        "is_covered": holder.person is not None,
        "is_on_leave": holder.is_on_leave if names else False,
        "starts_at": holder.starts_at,
        "ends_at": holder.ends_at,
    }

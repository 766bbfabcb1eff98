"""`POST /api/people/rotations/{id}/preview/`, and `/api/people/rotations/preview/` for a new one: the next eight weeks
of a rotation as it would be. Writes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.models import Site
from inventory.models.places import DomainChoices, validate_time_zone
from readiness.organisation.people.core.drafts import (
    MOST_IN_TURN,
    MOST_LAYERS,
    MOST_SITES,
    DraftLayer,
    RotationDraft,
)
from readiness.organisation.people.core.duty import Breach, BreachKind
from readiness.organisation.people.core.rotations import TimeSpan
from readiness.organisation.people.models import Level, Rotation, Team
from readiness.organisation.people.operations.editing import MAY_EDIT, MAY_START, refuse_draft
from readiness.organisation.people.queries.drafts import RotationPreview, preview_of
from web import clock
from web.rest.errors import named_errors
from web.rest.permissions import requires
from web.rest.serializers import BodySerializer


class DraftLayerSerializer(BodySerializer):
    id = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Null: a new layer"
    )
    name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    level = serializers.ChoiceField(choices=Level.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    rule = serializers.CharField(max_length=300, help_text="RFC 5545")
    duration_min = serializers.IntegerField(min_value=15, max_value=44_640)
    turn_shifts = serializers.IntegerField(min_value=1, max_value=1000, default=1)
    people = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        max_length=MOST_IN_TURN,
        help_text="Ids in the order of their turns",
    )


class RotationDraftSerializer(BodySerializer):
    name = serializers.CharField(max_length=100)
    slug = serializers.SlugField(max_length=100, required=False, allow_blank=True, default="")
    domain = serializers.ChoiceField(choices=DomainChoices.choices)
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.all(), required=False, allow_null=True, default=None
    )
    time_zone = serializers.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    sites = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        max_length=MOST_SITES,
        required=False,
        default=list,
        help_text="Ids",
    )
    layers = DraftLayerSerializer(many=True, help_text=f"{MOST_LAYERS} at most")

    def validate_sites(self, ids: list[int]) -> list[int]:
        if unknown := set(ids).difference(Site.objects.filter(pk__in=ids).values_list("pk", flat=True)):
            raise serializers.ValidationError(f"There is no site {min(unknown)}.")
        return sorted(set(ids))

    def draft(self) -> RotationDraft:
        fields = self.validated_data
        return RotationDraft(
            name=fields["name"],
            slug=fields["slug"] or slugify(fields["name"])[:100],
            domain=fields["domain"],
            team=fields["team"].pk if fields["team"] is not None else None,
            time_zone=fields["time_zone"],
            sites=tuple(fields["sites"]),
            layers=tuple(
                DraftLayer(**layer | {"people": tuple(layer["people"])}) for layer in fields["layers"]
            ),
        )


@dataclass(frozen=True, slots=True)
class PreviewShift:
    level: int
    person: Annotated[int | None, "Id; null is nobody"]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewGap:
    level: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewDouble:
    person: int
    rotation: Annotated[int | None, "The other rotation; null is a second level of this one"]
    level: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewLoad:
    person: int
    hours: float
    hours_now: float
    against_mean_percent: float
    overtime_h: float
    is_overloaded: bool


@dataclass(frozen=True, slots=True)
class PreviewBreach:
    person: int
    kind: BreachKind
    hours: float
    limit: float
    is_new: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewChange:
    level: int
    before: int | None
    after: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewAnswer:
    starts_at: datetime
    ends_at: datetime
    is_by_calendar: Annotated[bool, "A calendar takes the place of layers"]
    uncovered_h: float
    shifts: list[PreviewShift]
    gaps: list[PreviewGap]
    double_bookings: list[PreviewDouble]
    loads: list[PreviewLoad]
    breaches: list[PreviewBreach]
    changes: list[PreviewChange]


def preview_answer(preview: RotationPreview) -> PreviewAnswer:
    outlook = preview.outlook
    return PreviewAnswer(
        starts_at=preview.starts_at,
        ends_at=preview.ends_at,
        is_by_calendar=preview.is_by_calendar,
        uncovered_h=outlook.uncovered_h,
        shifts=[PreviewShift(each.level, each.person, *_times(each)) for each in outlook.shifts],
        gaps=[PreviewGap(each.level, *_times(each)) for each in outlook.gaps],
        double_bookings=[
            PreviewDouble(each.person, each.rotation or None, each.level, *_times(each))
            for each in outlook.doubles
        ],
        loads=[
            PreviewLoad(
                each.person, each.hours, each.before_h, each.against_mean, each.overtime, each.is_overloaded
            )
            for each in outlook.loads
        ],
        breaches=[_breach(each, is_new=each in preview.new_breaches) for each in preview.breaches],
        changes=[
            PreviewChange(each.level, each.before, each.after, *_times(each)) for each in outlook.changes
        ],
    )


def _times(span: TimeSpan) -> tuple[datetime, datetime]:
    return span.starts_at, span.ends_at


def _breach(breach: Breach, *, is_new: bool) -> PreviewBreach:
    return PreviewBreach(breach.person, breach.kind, breach.hours, breach.limit, is_new, *_times(breach))


def _previewed(request: Request, rotation: Rotation | None) -> Response:
    body = RotationDraftSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    now, draft = clock.now(), body.draft()
    with named_errors():
        refuse_draft(draft, rotation, now=now)
    return Response(preview_answer(preview_of(draft, rotation, now=now)))


class PreviewActions:
    """Actions of the endpoint of rotations."""

    @extend_schema(
        request=RotationDraftSerializer,
        responses={200: PreviewAnswer},
        summary="The next eight weeks of the rotation as it would be; writes nothing",
    )
    @action(detail=True, methods=["post"], permission_classes=[requires(*MAY_EDIT)], url_name="preview")
    def preview(self, request: Request, pk: str) -> Response:
        return _previewed(request, get_object_or_404(Rotation, pk=pk))

    @extend_schema(
        operation_id="people_rotations_preview_new",
        request=RotationDraftSerializer,
        responses={200: PreviewAnswer},
        summary="The next eight weeks of a new rotation; writes nothing",
    )
    @action(
        detail=False,
        methods=["post"],
        permission_classes=[requires(*MAY_START)],
        url_path="preview",
        url_name="preview-new",
    )
    def preview_new(self, request: Request) -> Response:
        return _previewed(request, None)

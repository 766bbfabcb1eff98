"""Endpoints under /api/people/: teams for all who are signed in with a role, people for those who may see names; each
requirement of each site, and who is on call, now or at another instant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

from django.shortcuts import get_object_or_404
from django.utils.timezone import get_current_timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from inventory.homes import HOME_FIELDS
from inventory.models.places import DomainChoices
from readiness.organisation.people import fleet, operations, queries
from readiness.organisation.people.core.cover import COVER_DAYS, STANDINGS, CoverStanding
from readiness.organisation.people.core.coverage import CoverDepth
from readiness.organisation.people.kinds import KINDS, TEAMS, PersonFilters
from readiness.organisation.people.models import Membership, Person, Shift
from readiness.organisation.people.queries.on_call import DutyRow, DutyStanding, duties_at
from readiness.organisation.people.views import SEES_COVERAGE, SEES_ON_CALL
from web import clock
from web.kinds.rest import filters_of, serializer_of, viewset_of
from web.rest.errors import named_errors
from web.rest.fields import RelatedObjectField
from web.rest.filters import listed_in
from web.rest.pagination import limit_of, offset_of
from web.rest.permissions import SignedIn
from web.rest.reports import endpoint, parameter
from web.rest.serializers import BodySerializer, ObjectSerializer
from web.rest.viewsets import Router
from web.timerange import BadParameter, parse_instant
from web.visibility import SEES_NAMES, sees_names
from web.workflows import second
from web.workflows.approvals import FlagsField
from web.workflows.endpoints import OperatedViewSet, operated


class PersonSerializer(ObjectSerializer):
    """`user` is the link in force. The actions request-link, confirm-link and unlink change it; no write does."""

    user = RelatedObjectField(queryset=User.objects.all(), required=False, allow_null=True)
    has_left = serializers.SerializerMethodField()
    approval_flags = FlagsField()

    class Meta:
        model = Person
        fields = (
            *("name", "user", "user_confirmed_at", "requested_user", "requested_by", "requested_at"),
            *("email", "phone", "employer", "time_zone", "left_at", "has_left", "approval_flags"),
            *HOME_FIELDS,
        )
        read_only_fields = ("user_confirmed_at", "requested_user", "requested_by", "requested_at")
        brief_fields = ("name",)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        linked = self.instance.user if isinstance(self.instance, Person) else None
        if values.pop("user", linked) != linked:
            raise serializers.ValidationError(
                {"user": ["A write makes no link: POST to request-link, and the user confirms it."]}
            )
        return values

    def get_has_left(self, person: Person) -> bool:
        return person.left_by(clock.now())


class LinkRequestSerializer(BodySerializer):
    user = RelatedObjectField(queryset=User.objects.all(), help_text="Who is to confirm it")


class EraseSerializer(BodySerializer):
    also = serializers.ListField(
        child=serializers.CharField(max_length=150),
        required=False,
        help_text="Parts of the name to replace although they are ambiguous",
    )
    shown_digest = serializers.CharField(
        required=False, max_length=64, help_text="Digest of the places, from `/api/people/traces/`"
    )


@dataclass(frozen=True, slots=True)
class OwnPerson:
    id: int
    name: str
    in_force: Annotated[bool, "False: the link waits for your confirmation."]


class PersonViewSet(OperatedViewSet):
    queryset = Person.objects.select_related(
        "user", "requested_user", "requested_by", "home_region", "home_site"
    ).annotate(approval_flags=second.flags_of(Person))
    serializer_class = PersonSerializer
    filterset_class = PersonFilters

    writes = {"create": operations.save_person, "update": operations.save_person}

    request_link = operated(
        operations.request_link,
        LinkRequestSerializer,
        "Ask a user to confirm that they are this person",
        *("people.view_person", operations.MAY_LINK),
        path="request-link",
    )

    erase = operated(
        operations.erase_person,
        EraseSerializer,
        "Erase who a person is, in the history too; what they signed keeps a pseudonym",
        *("people.view_person", operations.MAY_ERASE),
        name="erase",
    )

    @extend_schema(
        request=None, responses={204: None}, summary="The user asked says that they are this person"
    )
    @action(detail=True, methods=["post"], url_path="confirm-link", permission_classes=[SignedIn])
    def confirm_link(self, request: Request, pk: str) -> Response:
        return self._own(operations.confirm_link)

    @extend_schema(request=None, responses={204: None}, summary="Unlink, or withdraw or refuse the request")
    @action(detail=True, methods=["post"], permission_classes=[SignedIn])
    def unlink(self, request: Request, pk: str) -> Response:
        return self._own(operations.unlink)

    def _own(self, change: Callable[..., Person]) -> Response:
        """Apply a change for whoever may link people, or for the person's own user; answer 404 to others."""
        by = cast(User, self.request.user)
        people = Person.objects.all() if by.has_perm(operations.MAY_LINK) else queries.own_people(by)
        with named_errors():
            change(get_object_or_404(people, pk=self.kwargs["pk"]), by=by, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


_MEMBERSHIP = ("person", "team", "role")
MembershipViewSet = viewset_of(
    Membership.objects.select_related("person", "team"),
    serializer_of(Membership, _MEMBERSHIP, ("person", "team")),
    filters_of(Membership, _MEMBERSHIP, search=("person__name", "team__name", "role")),
    may=(SEES_NAMES,),
)


@endpoint(operation_id="people_own_list", summary="Who you are, and are asked to be")
def people_of_user(request: Request) -> list[OwnPerson]:
    """Who the signed-in user is, and is asked to be."""
    by = cast(User, request.user)
    return [OwnPerson(person.pk, person.name, person.user_id == by.pk) for person in queries.own_people(by)]


class RequirementSerializer(serializers.Serializer):
    site = serializers.CharField(source="site.slug")
    domain = serializers.CharField(source="covered.requirement.domain")
    skill = serializers.CharField(source="covered.requirement.skill")
    level = serializers.IntegerField(source="covered.requirement.level")
    because = serializers.CharField(source="covered.requirement.because")
    vendor = serializers.CharField(source="covered.requirement.vendor")
    rule = serializers.CharField(source="covered.requirement.slug")
    rule_version = serializers.IntegerField(source="covered.requirement.version")
    people = serializers.IntegerField(source="covered.requirement.people", help_text="Needed at the site")
    per_shift = serializers.IntegerField(source="covered.requirement.per_shift")
    state = serializers.ChoiceField([depth.value for depth in CoverDepth], source="covered.cover")
    qualified = serializers.SerializerMethodField(help_text="Assigned to the site")
    on_call = serializers.SerializerMethodField(help_text="Qualified, with a shift within 30 days")
    expiring = serializers.SerializerMethodField(help_text="Whose qualification ends within 30 days")
    names = serializers.SerializerMethodField(help_text="Null for those who may not see names")

    def get_qualified(self, line: fleet.RequirementLine) -> int:
        return len(line.covered.qualified)

    def get_on_call(self, line: fleet.RequirementLine) -> int:
        return len(line.covered.on_call)

    def get_expiring(self, line: fleet.RequirementLine) -> int:
        return len(line.covered.expiring)

    def get_names(self, line: fleet.RequirementLine) -> list[str] | None:
        return list(line.names) if self.context["names"] else None


class CoverageSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    count = serializers.IntegerField()
    results = RequirementSerializer(many=True)


@endpoint(
    *SEES_COVERAGE,
    parameters=[
        parameter("site", "Slug", many=True),
        parameter(
            "at",
            "An instant; by default now. What is installed is always that of now.",
            type=OpenApiTypes.STR,
        ),
        parameter("limit", "", type=int),
        parameter("offset", "", type=int),
    ],
    answer=CoverageSerializer,
    operation_id="people_coverage",
    summary="What sites require of people, and how many cover it",
)
def coverage(request: Request) -> dict[str, Any]:
    now, parameters = clock.now(), request.query_params
    names, at = request.user.has_perm(SEES_NAMES), None
    if parameters.get("at"):
        at = parse_instant(parameters["at"], now=now, zone=get_current_timezone(), field="at")
    sites = fleet.coverage_of_sites(now=now, at=at, slugs=parameters.getlist("site"))
    lines = fleet.requirement_lines(sites, names=names)
    offset = offset_of(request)
    answer = {"at": at or now, "count": len(lines), "results": lines[offset : offset + limit_of(request)]}
    return dict(CoverageSerializer(answer, context={"names": names}).data)


@dataclass(frozen=True, slots=True)
class PersonOnCall:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class HolderOnCall:
    person: Annotated[PersonOnCall | None, "Id and name; null without permission to see names"]
    is_covered: bool
    is_on_leave: bool
    is_double: Annotated[bool, "Nobody's, because its person has an earlier level at the time"]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OnCallDuty:
    site: str
    domain: str
    standing: DutyStanding
    primary: list[HolderOnCall]
    secondary: list[HolderOnCall]
    lacks: list[str]
    handover_at: datetime | None
    rotations: list[str]


@dataclass(frozen=True, slots=True)
class OnCallAt:
    at: datetime
    results: list[OnCallDuty]


@endpoint(
    *SEES_ON_CALL,
    operation_id="people_oncall",
    parameters=[
        parameter("site", "Slug; every site unless given.", many=True),
        parameter("region", "Slug of a region.", many=True),
        parameter("domain", "Domain.", many=True, enum=DomainChoices.values),
        parameter("at", "now-7d, ISO 8601 or epoch ms; now unless given."),
    ],
    summary="Who is on call, and what they lack",
)
def duty_list(request: Request) -> OnCallAt:
    now = clock.now()
    at = parse_instant(request.GET.get("at") or "now", now=now, zone=UTC, field="at")
    filters = {name: listed_in(request.GET, name) for name in ("site", "region", "domain")}
    if unknown := set(filters["domain"]) - set(DomainChoices.values):
        raise BadParameter("domain", f"There is no {min(unknown)[:100]}.")
    names = sees_names(request.user)
    duties = duties_at(fleet.sites_on_call(), at=at) if request.GET.get("at") else fleet.duties_now(now=now)
    return OnCallAt(
        at,
        [
            _duty(row, names=names)
            for row in duties
            if (not filters["site"] or row.site.slug in filters["site"])
            and (not filters["region"] or row.site.region.slug in filters["region"])
            and (not filters["domain"] or row.domain in filters["domain"])
        ],
    )


def _duty(row: DutyRow, *, names: bool) -> OnCallDuty:
    return OnCallDuty(
        site=row.site.slug,
        domain=row.domain,
        standing=row.standing,
        primary=[_holder(each, names=names) for each in row.primary],
        secondary=[_holder(each, names=names) for each in row.secondary],
        lacks=[str(lack) for lack in row.lacks],
        handover_at=row.next_shift.starts_at if row.next_shift else None,
        rotations=[rotation.slug for rotation in row.rotations],
    )


def _holder(shift: Shift, *, names: bool) -> HolderOnCall:
    person = shift.person if names else None
    return HolderOnCall(
        person=PersonOnCall(person.pk, person.name) if person else None,
        is_covered=shift.person is not None,
        is_on_leave=shift.is_on_leave if names else False,
        is_double=shift.is_double,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
    )


@dataclass(frozen=True, slots=True)
class CoverAtSite:
    """A time in which the same people are on call in a domain of a site, and the same of them are qualified."""

    site: str
    domain: str
    starts_at: datetime
    ends_at: datetime
    standing: CoverStanding
    people: Annotated[int, "Different people on call, primary or secondary"]
    qualified: Annotated[int, "Those with the skill that the fewest of them have"]
    needed: int
    lacks: list[str]
    names: Annotated[list[PersonOnCall] | None, "Who is on call; null without permission to see names"]


@dataclass(frozen=True, slots=True)
class CoverAhead:
    start: datetime
    end: datetime
    count: int
    results: list[CoverAtSite]


@endpoint(
    *SEES_ON_CALL,
    operation_id="people_cover",
    parameters=[
        parameter("site", "Slug; every site unless given.", many=True),
        parameter("domain", "Domain.", many=True, enum=DomainChoices.values),
        parameter("standing", "Standing.", many=True, enum=STANDINGS),
        parameter("from", "now+1d, ISO 8601 or epoch ms; now unless given."),
        parameter("to", "The same; 60 days from now unless given, and at most."),
        parameter("limit", "", type=int),
        parameter("offset", "", type=int),
    ],
    summary="Who is on call in the next 60 days, and which shifts are short",
)
def cover_list(request: Request) -> CoverAhead:
    """Sites by name, domains, and times in order. Shifts are not planned further than 60 days ahead."""
    now, last = clock.now(), clock.now() + timedelta(days=COVER_DAYS)
    start, end = (
        parse_instant(request.GET.get(name) or "", now=now, zone=UTC, field=name)
        if request.GET.get(name)
        else usual
        for name, usual in (("from", now), ("to", last))
    )
    filters = {name: listed_in(request.GET, name) for name in ("site", "domain", "standing")}
    for name, values in (("domain", DomainChoices.values), ("standing", STANDINGS)):
        if unknown := set(filters[name]) - set(values):
            raise BadParameter(name, f"There is no {min(unknown)[:100]}.")
    lines = fleet.cover_lines(start, end, now=now, **filters)
    offset = offset_of(request)
    page = [line.line() for line in lines[offset : offset + limit_of(request)]]
    names = (
        fleet.names_of(person for line in page for person in line.span.people)
        if sees_names(request.user)
        else None
    )
    return CoverAhead(start, end, len(lines), [_cover(line, names) for line in page])


def _cover(line: fleet.CoverLine, names: Mapping[int, str] | None) -> CoverAtSite:
    span = line.span
    return CoverAtSite(
        site=line.site.slug,
        domain=span.domain,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        standing=span.standing,
        people=len(span.people),
        qualified=len(span.qualified),
        needed=span.needed,
        lacks=[str(lack) for lack in span.lacks],
        names=None
        if names is None
        else [PersonOnCall(person, names[person]) for person in sorted(span.people & names.keys())],
    )


router = Router()
router.register("teams", TEAMS.viewset)
router.register("people", PersonViewSet)
router.register("memberships", MembershipViewSet)
for kind in KINDS:
    router.register(kind.plural, kind.viewset)

"""`GET /api/people/traces/`: where free text names a person, for programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.models import User
from readiness.organisation.people.models import Person
from readiness.organisation.people.operations import MAY_ERASE
from readiness.organisation.people.operations.privacy import pseudonym
from readiness.organisation.people.queries.traces import traces_of
from web.rest.pagination import limit_of, number_of, offset_of
from web.rest.reports import endpoint, parameter
from web.visibility import SEES_NAMES
from web.workflows import require


@dataclass(frozen=True, slots=True)
class TermOfName:
    kind: str
    text: str
    why_not: Annotated[str, "Why it is not replaced; empty if it is"]


@dataclass(frozen=True, slots=True)
class PlaceOfName:
    model: str
    id: int
    place: str
    column: str
    sentence: str
    hit: str
    written_at: Annotated[datetime | None, "Of an entry of the history"]
    kept_because: Annotated[str, "Why it stays when the person is erased; empty if it is replaced"]


@dataclass(frozen=True, slots=True)
class TracesOfPerson:
    person: int
    pseudonym: str
    digest: Annotated[str, "Send it as `shown_digest` to `erase/`: other places than these are then refused"]
    terms: list[TermOfName]
    count: Annotated[int, "Listed places"]
    unseen: Annotated[int, "Further places in what you may not see"]
    more: Annotated[int, "Further places beyond those listed"]
    results: list[PlaceOfName]


@endpoint(
    parameters=[
        parameter("person", "Id; of yourself by default, of others for whoever may erase them", type=int),
        parameter("also", "A part of the name to replace although it is ambiguous", many=True),
        parameter("limit", "", type=int),
        parameter("offset", "", type=int),
    ],
    operation_id="people_traces",
    summary="Where free text names a person",
)
def traces(request: Request) -> TracesOfPerson:
    by = cast(User, request.user)
    person = _person(request, by)
    places = traces_of(person, by=by, also=request.query_params.getlist("also"))
    limit, offset = limit_of(request), offset_of(request)
    terms = [*places.terms, *places.ambiguous]
    return TracesOfPerson(
        person=person.pk,
        pseudonym=pseudonym(person),
        digest=places.digest,
        terms=[
            TermOfName(term.kind, term.text, term.ambiguous if term in places.ambiguous else "")
            for term in terms
        ],
        count=len(places.rows),
        unseen=places.unseen,
        more=places.more,
        results=[
            PlaceOfName(
                model=trace.model._meta.label_lower,
                id=trace.object_id,
                place=trace.place,
                column=trace.column,
                sentence=trace.sentence,
                hit=trace.hit,
                written_at=trace.at,
                kept_because=trace.kept_because,
            )
            for trace in places.rows[offset : offset + limit]
        ],
    )


def _person(request: Request, by: User) -> Person:
    people = Person.objects.select_related("user")
    pk = number_of(request, "person")
    if pk is None:
        if (own := people.filter(user=by).first()) is None:
            raise ValidationError({"person": ["You are linked to no person: name one by id."]})
        return own
    if (own := people.filter(pk=pk, user=by).first()) is not None:
        return own
    require(by, MAY_ERASE)
    require(by, SEES_NAMES)
    return get_object_or_404(people, pk=pk)

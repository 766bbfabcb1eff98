"""How the people of sites stand at any instant: who is on call, what they practised, how many are qualified; a fixed
number of statements, however many sites.

What a site requires is that of now, as the inventory has no past; so is who is in which team.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)

from accounts.models import User
from inventory import queries as inventory
from inventory.models import DeviceType, Manufacturer
from inventory.queries import Capacity, CapacityStep
from readiness.organisation.people import models
from readiness.organisation.people.core import growth, practice
from readiness.organisation.people.core.coverage import CoveredRequirement, SiteCoverage
from readiness.organisation.people.core.on_call import (
    MONTH,
    OnCallStanding,
    RotationSize,
    full_hour,
    lacks,
    present,
    site_standing,
)
from readiness.organisation.people.core.qualified_fleet import QualifiedFleet
from readiness.organisation.people.core.rotations import HeldShift
from readiness.organisation.people.models import (
    AlertRule,
    Drill,
    Exercise,
    LayerMember,
    Participant,
    Person,
    Procedure,
    RotationSite,
    Shift,
    SurveyAnswer,
    SurveyQuestion,
)
from web.cached import CachedAnswer
from web.rows import rows_as


def held_shifts(shifts: QuerySet[Shift]) -> list[HeldShift]:
    """A shift of somebody who cannot sign in any more is nobody's."""
    holder = Case(When(person__user__is_active=False, then=None), default=F("person_id"))
    rows = shifts.annotate(held_by=holder).order_by("starts_at", "pk")
    return list(rows_as(HeldShift, rows, rotation="rotation_id", domain="rotation__domain", person="held_by"))


def standing_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, OnCallStanding]:
    """Read how those sites stand that some rotation serves."""
    served = _served(covered)
    if not served:
        return {}
    rotations = {rotation for each in served.values() for rotation in each}
    near = Shift.objects.overlapping(full_hour(now) - MONTH, now + MONTH)
    people = near.filter(rotation__in=rotations, person__isnull=False).order_by().values("person")
    duties = held_shifts(near.filter(Q(rotation__in=rotations) | Q(person__in=people)))
    of_rotation: dict[int, list[HeldShift]] = defaultdict(list)
    of_person: dict[int, list[HeldShift]] = defaultdict(list)
    for shift in duties:
        of_rotation[shift.rotation].append(shift)
        if shift.person is not None:
            of_person[shift.person].append(shift)
    sizes = _sizes(rotations, of_rotation, now)
    # Sites share rotations: all but what each requires is worked out once for those that the same ones serve.
    shared: dict[tuple[int, ...], tuple[OnCallStanding, Mapping[tuple[str, int], frozenset[int]]]] = {}
    standings = {}
    for site_id, serving in served.items():
        key = tuple(serving)
        if key not in shared:
            shifts = [shift for rotation in serving for shift in of_rotation[rotation]]
            persons = {shift.person for shift in shifts if shift.person is not None}
            theirs = [shift for person in sorted(persons) for shift in of_person[person]]
            size_of_each = [sizes[rotation] for rotation in serving]
            shared[key] = (site_standing(shifts, theirs, size_of_each, now=now), present(shifts, now))
        of_rotations, on_call = shared[key]
        standings[site_id] = replace(of_rotations, lacks=lacks(covered[site_id].requirements, on_call))
    return standings


def _served(site_ids: Collection[int]) -> dict[int, list[int]]:
    served: dict[int, list[int]] = defaultdict(list)
    rows = RotationSite.objects.filter(site__in=site_ids).order_by("rotation")
    for site_id, rotation_id in rows.values_list("site_id", "rotation_id"):
        served[site_id].append(rotation_id)
    return served


def _sizes(
    rotations: Collection[int], shifts: Mapping[int, list[HeldShift]], now: datetime
) -> dict[int, RotationSize]:
    """People are those who take turns in layers; of a calendar, those with shifts."""
    served = RotationSite.objects.filter(rotation__in=rotations).order_by()
    sites = Counter(served.values_list("rotation_id", flat=True))
    members: dict[int, set[int]] = defaultdict(set)
    ends: dict[int, list[datetime]] = defaultdict(list)
    members_now = LayerMember.objects.filter(layer__rotation__in=rotations, layer__rotation__calendar=None)
    members_now = members_now.filter(Q(layer__ends_at=None) | Q(layer__ends_at__gt=now))
    members_now = members_now.exclude(person__in=Person.objects.left(now).order_by().values("pk"))
    for rotation_id, person, *moments in members_now.order_by().values_list(
        "layer__rotation_id", "person_id", "layer__ends_at", "person__left_at"
    ):
        members[rotation_id].add(person)
        ends[rotation_id] += (moment for moment in moments if moment is not None)
    return {
        rotation: RotationSize(
            people=len(members.get(rotation) or {shift.person for shift in shifts[rotation]} - {None}),
            sites=sites[rotation],
            until=min(ends[rotation], default=None),
        )
        for rotation in rotations
    }


type BySite[Row] = dict[int, list[Row]]


def practice_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, practice.SitePractice]:
    """Leave out sites of which nothing is recorded. Six statements, however many sites."""
    if not covered:
        return {}
    ids = sorted(covered)
    answered = SurveyAnswer.objects.filter(question__site__in=ids)
    # Estimates are judged by the verdict, above.
    answers = given_answers(answered.exclude(question__kind=SurveyQuestion.Kind.ESTIMATE))
    rules = rows_as(practice.PagingRule, _filter_sites(AlertRule.objects.order_by("name", "pk"), ids))
    rows_by_name: dict[str, BySite[Any]] = {
        "drills": _drills(ids),
        "rules": _group_by_site(rules, ids),
        "written": _written(ids, now),
        "answers": _group_by_site(answers, ids),
    }
    return {
        site_id: practice.SitePractice(
            now=now,
            on_call=frozenset(covered[site_id].on_call),
            **{name: tuple(rows[site_id]) for name, rows in rows_by_name.items()},
        )
        for site_id in ids
        if any(rows[site_id] for rows in rows_by_name.values())
    }


def _drills(ids: Collection[int]) -> BySite[practice.HeldDrill]:
    drills_held = Drill.objects.filter(site__in=ids).exclude(result=Drill.Result.PLANNED).order_by("pk")
    present: dict[int, dict[int, str]] = defaultdict(dict)
    took_part = Participant.objects.filter(drill__in=drills_held.order_by()).order_by("pk")
    for drill_id, person_id, domain in took_part.values_list("drill_id", "person_id", "domain"):
        present[drill_id][person_id] = domain
    drills: BySite[practice.HeldDrill] = defaultdict(list)
    for pk, site_id, held_at in drills_held.values_list("pk", "site_id", "held_at"):
        drills[site_id].append(practice.HeldDrill(held_at=held_at, present=present[pk]))
    return drills


def _written(ids: Collection[int], now: datetime) -> BySite[practice.WrittenProcedure]:
    # The first drill counts: a runbook that was exercised stays so.
    exercises = Exercise.objects.filter(drill__site__in=ids).exclude(drill__result=Drill.Result.PLANNED)
    first = exercises.order_by().values_list("drill__site_id", "procedure_id").annotate(Min("drill__held_at"))
    exercised = {(site_id, procedure_id): held_at for site_id, procedure_id, held_at in first}
    texts = reviewed(now=now).annotate(has_version=Q(version__regex=r"\S")).order_by("title", "pk")
    procedures = _group_by_site(rows_as(practice.WrittenProcedure, _filter_sites(texts, ids)), ids)
    return defaultdict(list) | {
        site_id: [replace(each, exercised_at=exercised.get((site_id, each.id))) for each in of_site]
        for site_id, of_site in procedures.items()
    }


def _filter_sites(rows: QuerySet[Any], ids: Collection[int]) -> QuerySet[Any]:
    return rows.filter(Q(site__in=ids) | Q(site=None))


def _group_by_site(rows: Iterable[Any], ids: Collection[int]) -> BySite[Any]:
    """Rows without a site belong to every site."""
    by_site: BySite[Any] = defaultdict(list)
    for row in rows:
        for site_id in ids if row.site_id is None else (row.site_id,):
            by_site[site_id].append(row)
    return by_site


def given_answers(rows: QuerySet[SurveyAnswer]) -> Iterator[practice.GivenAnswer]:
    of_question = {"site_id": "question__site_id", "truth": "question__truth"}
    return rows_as(practice.GivenAnswer, rows.order_by("pk"), team="team__name", **of_question)


def reviewed(*, now: datetime) -> QuerySet[Procedure]:
    """Procedures with when their review is due, and whether it is overdue."""
    is_document, day = Q(kind__in=Procedure.DOCUMENTS), Value(timedelta(days=1), DurationField())
    every = Case(
        When(is_document, then=Value(practice.DOCUMENT_REVIEW)),
        default=ExpressionWrapper(F("review_days") * day, DurationField()),
        output_field=DurationField(),
    )
    is_behind = is_document & Q(subject_changed_at__lte=now, reviewed_at__lt=F("subject_changed_at"))
    is_overdue = Q(reviewed_at=None) | Q(reviewed_at__gt=now) | Q(due_at__lte=now) | is_behind
    return Procedure.objects.annotate(
        due_at=ExpressionWrapper(F("reviewed_at") + every, DateTimeField())
    ).annotate(is_overdue=ExpressionWrapper(is_overdue, BooleanField()))


def procedures(*, now: datetime) -> QuerySet[Procedure]:
    """The same with when they were last exercised."""
    was_held = Q(exercises__drill__held_at__lte=now) & ~Q(exercises__drill__result=Drill.Result.PLANNED)
    exercised_at = Max("exercises__drill__held_at", filter=was_held)
    return reviewed(now=now).select_related("site", "owner").annotate(exercised_at=exercised_at)


type Asked = tuple[str, int, int, str]
"""Domain, skill, level and vendor of a requirement."""
# What a site asks for is its basis.
QUALIFIED: CachedAnswer[int, growth.QualifiedSite] = CachedAnswer(
    "qualified people of sites",
    models=(
        *(Person, User, models.Team, models.Membership, models.Staffing, models.Qualification),
        *(models.SkillExemption, DeviceType, Manufacturer, models.Rotation, RotationSite),
    ),
    rows=(Shift,),
)


def recorded(covered: Mapping[int, SiteCoverage]) -> dict[int, SiteCoverage]:
    """Sites that require something, and of whose people anything is known."""
    return {
        site_id: of_site
        for site_id, of_site in covered.items()
        if of_site.requirements and (of_site.is_staffed or of_site.has_rotation)
    }


def growth_of(covered: Mapping[int, SiteCoverage], *, now: datetime) -> dict[int, growth.QualifiedGrowth]:
    """Sites that are not `recorded` have none."""
    if not (staffed := recorded(covered)):
        return {}
    sites = qualified_at(staffed)
    fleet = QualifiedFleet.build(sites, recorded=frozenset(sites))
    places = {site_id: place for place, site_id in enumerate(sites)}
    counts = fleet.counts(places, (now - growth.GROWTH_SPAN, now), now=now).tolist()
    steps: dict[int, list[CapacityStep]] = defaultdict(list)
    for step in inventory.capacity_events(list(sites)):
        steps[step.site_id].append(step)
    return {
        site_id: _growth(site, counts[places[site_id]], steps[site_id], now)
        for site_id, site in sites.items()
    }


def _growth(
    site: growth.QualifiedSite, people: Sequence[int], steps: Sequence[CapacityStep], now: datetime
) -> growth.QualifiedGrowth:
    before, present = (
        sum((step.change for step in steps if step.at <= at), Capacity())
        for at in (now - growth.GROWTH_SPAN, now)
    )
    return growth.QualifiedGrowth(
        qualified_then=people[0],
        qualified_now=people[1],
        accelerators_then=before.accelerators,
        accelerators_now=present.accelerators,
        kw_then=before.it_kw,
        kw_now=present.it_kw,
        is_on_call=site.counts_on_call(now),
        until=min((*site.changes_at(now), *growth.later((step.at for step in steps), now)), default=None),
    )


def qualified_at(covered: Mapping[int, SiteCoverage]) -> dict[int, growth.QualifiedSite]:
    requirements = {site_id: tuple(map(_asked, of_site.requirements)) for site_id, of_site in covered.items()}
    return QUALIFIED.values(
        requirements, lambda changed: _read_qualified({site_id: requirements[site_id] for site_id in changed})
    )


def _asked(covered: CoveredRequirement) -> Asked:
    requirement = covered.requirement
    return requirement.domain, requirement.skill_id, requirement.level, requirement.vendor


# When people were assigned to each site, or among those on call there, and were qualified for what it asks for.
# Holders are materialized: the planner takes a skill for rarer than it is, and would pair it with every site first.
_SPANS = """
    WITH asked AS (
        SELECT * FROM unnest(%(sites)s::bigint[], %(domains)s::text[], %(skills)s::bigint[], %(levels)s::int[],
            %(vendors)s::text[]) AS asked (site_id, domain, skill_id, level, vendor)
    ), staff AS (
        SELECT person.id AS person_id,
            CASE WHEN NOT signed_in.is_active THEN '-infinity' ELSE coalesce(left_at, 'infinity') END AS gone_at
        FROM people_person AS person LEFT JOIN accounts_user AS signed_in ON signed_in.id = person.user_id
    ), exempt AS (
        SELECT person_id, skill_id, range_agg(tstzrange(
            greatest(begins_at, approved_at), greatest(begins_at, approved_at, ends_at)
        )) AS during
        FROM people_skillexemption WHERE approved_at IS NOT NULL GROUP BY person_id, skill_id
    ), held AS (
        SELECT person_id, skill_id, level, coalesce(maker.slug, '') AS vendor, tstzmultirange(tstzrange(
            greatest(shown_at, confirmed_at),
            greatest(shown_at, confirmed_at, least(valid_until, revoked_at, gone_at))
        )) - coalesce(exempt.during, '{}') AS during
        FROM people_qualification JOIN staff USING (person_id) LEFT JOIN exempt USING (person_id, skill_id)
        LEFT JOIN inventory_devicetype AS hardware ON hardware.id = device_type_id
        LEFT JOIN inventory_manufacturer AS maker ON maker.id = hardware.manufacturer_id
        WHERE confirmed_at IS NOT NULL AND skill_id IN (SELECT skill_id FROM asked)
    ), assigned AS (
        SELECT site_id, person_id, range_agg(tstzrange(
            begins_at, greatest(begins_at, least(ends_at, dissolved_at, gone_at))
        )) AS during
        FROM people_staffing JOIN people_team AS team ON team.id = team_id
        JOIN people_membership USING (team_id) JOIN staff USING (person_id)
        WHERE site_id IN (SELECT site_id FROM asked) GROUP BY site_id, person_id
    ), turns AS (
        SELECT rotation_id, person_id, range_agg(tstzrange(
            starts_at - %(reach)s, greatest(starts_at - %(reach)s, least(ends_at + %(reach)s, gone_at))
        )) AS during
        FROM people_shift JOIN staff USING (person_id) GROUP BY rotation_id, person_id
    ), on_call AS (
        SELECT site_id, domain, person_id, during
        FROM turns JOIN people_rotationsite USING (rotation_id)
        JOIN people_rotation AS rotation ON rotation.id = rotation_id
        WHERE site_id IN (SELECT site_id FROM asked)
    ), called AS (
        SELECT site_id, min(lower(during)) AS first, max(upper(during)) AS last FROM on_call GROUP BY site_id
    ), there AS (
        SELECT site_id, NULL AS domain, person_id, during, false AS is_on_call FROM assigned
        UNION ALL SELECT site_id, domain, person_id, during, true FROM on_call
    ), holders AS MATERIALIZED (
        SELECT site_id, domain, person_id, is_on_call, skill_id, level, vendor, there.during * held.during AS during
        FROM there JOIN held USING (person_id)
    ), qualified AS (
        SELECT site_id, person_id, is_on_call, range_agg(during) AS during
        FROM holders JOIN asked USING (site_id, skill_id)
        WHERE asked.domain = coalesce(holders.domain, asked.domain)
            AND asked.level <= holders.level AND asked.vendor IN ('', holders.vendor)
        GROUP BY site_id, person_id, is_on_call
    )
    SELECT site_id, first, last, is_on_call, person_id, lower(span), least(upper(span), %(never)s)
    FROM (SELECT DISTINCT site_id FROM asked) AS site LEFT JOIN called USING (site_id)
    LEFT JOIN (qualified CROSS JOIN unnest(during) AS span) USING (site_id)
"""


def _read_qualified(requirements: Mapping[int, Collection[Asked]]) -> dict[int, growth.QualifiedSite]:
    """One statement."""
    if not requirements:
        return {}
    rows = [
        (site_id, *each) for site_id, site_requirements in requirements.items() for each in site_requirements
    ]
    columns = zip(
        ("sites", "domains", "skills", "levels", "vendors"), map(list, zip(*rows, strict=True)), strict=True
    )
    with connection.cursor() as cursor:
        asked_of = dict(columns) | {"reach": growth.ON_CALL_REACH, "never": growth.NEVER}
        cursor.execute(_SPANS, asked_of)  # type: ignore[arg-type]
        spans = cursor.fetchall()
    called: dict[int, tuple[datetime, datetime] | None] = {}
    people: dict[tuple[int, bool], list[growth.QualifiedSpan]] = defaultdict(list)
    for site_id, first, last, is_on_call, *span in spans:
        called[site_id] = (first, last) if first else None
        if is_on_call is not None:
            people[site_id, is_on_call].append(growth.QualifiedSpan(*span))
    return {
        site_id: growth.QualifiedSite(
            assigned=tuple(people[site_id, False]),
            on_call=tuple(people[site_id, True]),
            called=called[site_id],
        )
        for site_id in called
    }

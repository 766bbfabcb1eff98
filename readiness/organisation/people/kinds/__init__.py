"""Kinds of objects about people: what their lists, pages, forms and endpoints are made of."""

from readiness.organisation.people.kinds import duty, practice, rotations, skills, surveys, swaps
from readiness.organisation.people.kinds.staff import PEOPLE, STAFFING, TEAMS, PersonFilters

KINDS = (
    STAFFING,
    *skills.KINDS,
    *rotations.KINDS,
    *swaps.KINDS,
    *duty.KINDS,
    *practice.KINDS,
    *surveys.KINDS,
)

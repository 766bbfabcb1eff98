"""Kinds of objects about people: what their lists, pages, forms and endpoints are made of."""

from readiness.people.kinds import practice, rotations, skills, surveys, training
from readiness.people.kinds.staff import PEOPLE, STAFFING, TEAMS, PersonFilters

KINDS = (STAFFING, *skills.KINDS, *training.KINDS, *rotations.KINDS, *practice.KINDS, *surveys.KINDS)

__all__ = ["KINDS", "PEOPLE", "TEAMS", "PersonFilters"]

"""Kinds of objects about people: what their lists, pages, forms and endpoints are made of."""

from readiness.organisation.people.kinds import practice, rotations, skills, surveys
from readiness.organisation.people.kinds.staff import PEOPLE, STAFFING, TEAMS, PersonFilters

KINDS = (STAFFING, *skills.KINDS, *rotations.KINDS, *practice.KINDS, *surveys.KINDS)

"""Kinds of objects about people: what their lists, pages, forms and endpoints are made of."""

from readiness.organisation.people.kinds import duty, practice, rotations, skills, surveys
from readiness.organisation.people.kinds.staff import PEOPLE, STAFFING, TEAMS, PersonFilters

KINDS = (STAFFING, *skills.KINDS, *rotations.KINDS, *duty.KINDS, *practice.KINDS, *surveys.KINDS)

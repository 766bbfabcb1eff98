"""Queries of people: who they are, what a site requires and who covers it, who is on call, what was practised."""

from readiness.organisation.people.queries.staff import counts, own_people, people, teams

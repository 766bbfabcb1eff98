"""Keeps shifts, swaps and calendars up to date."""

from celery import shared_task

from readiness.organisation.people.operations import feeds, rotations, swaps
from web import clock


@shared_task(name="readiness.people.write_claimed_shifts")
def write_claimed_shifts() -> int:
    return rotations.write_claimed_shifts(now=clock.trusted_now())


@shared_task(name="readiness.people.extend_shifts")
def extend_shifts() -> int:
    return rotations.extend_shifts(now=clock.trusted_now())


@shared_task(name="readiness.people.lapse_swaps")
def lapse_swaps() -> int:
    return swaps.lapse_swaps(now=clock.trusted_now())


@shared_task(name="readiness.people.read_calendars")
def read_calendars() -> int:
    return feeds.read_calendars(now=clock.trusted_now())

"""Assignments of items to people, their confirmations and hand-over, and the triggers that claim sites."""

from readiness.organisation.ownership.models.assignments import (
    Assignment,
    Confirmation,
    HandoverStep,
    condition_in_force,
)
from readiness.organisation.ownership.models.leave import LeaveHandover
from readiness.organisation.ownership.models.people import OwningLeave, OwningPerson, OwningTeam, OwningUser

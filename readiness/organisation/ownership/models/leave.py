"""Hand-overs that follow a leave."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from inventory.models.triggers import signed_once
from readiness.organisation.ownership.models.assignments import SITES_OF_ASSIGNMENT, Assignment, claims
from readiness.organisation.people.models import Leave, Person


class LeaveHandover(models.Model):
    """A deputy's answer to taking an item over for one leave of its owner. It ends with the leave."""

    HISTORY = True

    HISTORY_PERMISSION = "people.view_person"

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="leave_handovers")
    leave = models.ForeignKey(Leave, on_delete=models.CASCADE, related_name="+")
    deputy = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    accepted = models.BooleanField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()
    note = models.TextField(max_length=1000, blank=True)

    class Meta:
        ordering = ["-answered_at", "-id"]
        default_permissions = ("view",)
        triggers = [
            *claims(SITES_OF_ASSIGNMENT),
            signed_once("ownership_leavehandover", "answered_by_id", "answered_at", "accepted"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "leave", "deputy"], name="leave_handover_answered_once"
            ),
            models.CheckConstraint(
                condition=Q(accepted=True) | Q(note__regex=r"\S"),
                name="leave_handover_declined_for_a_reason",
                violation_error_message="Enter a reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment}, {'taken over' if self.accepted else 'not taken over'}"

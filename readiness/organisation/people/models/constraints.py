"""Constraints that several models of people have."""

from django.db.models import CheckConstraint, F, Q


def ends_after(
    begins: str,
    ends: str,
    name: str,
    message: str | None = "It must end after it starts.",
    *,
    open_end: bool = False,
) -> CheckConstraint:
    """`open_end`: it may have no end."""
    condition = Q(**{f"{ends}__gt": F(begins)})
    if open_end:
        condition = Q(**{ends: None}) | condition
    return CheckConstraint(condition=condition, name=name, violation_error_message=message)

"""Flags of approvals, shown with the object: a column, a field, a sentence."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from web.rest.fields import ChoiceValueField
from web.rest.serializers import ObjectSerializer
from web.tables import Column
from web.workflows.models import ApprovalFlag
from web.workflows.second import flags_of

LABELS: dict[str, Any] = dict(ApprovalFlag.choices)


def flag_words(flags: Sequence[str]) -> str:
    return ", ".join(str(LABELS[flag]) for flag in flags)


def flags_on(obj: Model) -> list[str]:
    """Flags of all approvals of an object; no statement where `flags_of` is annotated."""
    flags: list[str] | None = getattr(obj, "approval_flags", None)
    if flags is None:
        flags = type(obj)._base_manager.filter(pk=obj.pk).values_list(flags_of(type(obj)), flat=True).first()
    return flags or []


def rests_on(path: str = "") -> Column:
    """A column of a list whose rows, or the objects at this path of them, have `approval_flags`."""

    def read(row: Any) -> str:
        return flag_words(flags_on(getattr(row, path) if path else row))

    return Column(
        "approval_flags",
        "Approval rests on",
        read,
        default=False,
        tone=lambda row: "warn" if read(row) else "",
    )


class FlagsField(serializers.ListField):
    child = ChoiceValueField(choices=ApprovalFlag.choices)

    def __init__(self, **kwargs: Any) -> None:
        words = "What the approval rests on: accounts of one person, or of which one made the other."
        options: dict[str, Any] = {"read_only": True, "help_text": words}
        super().__init__(**options | kwargs)

    def get_attribute(self, instance: Model) -> list[str]:
        return flags_on(instance)


class ApprovedSerializer(ObjectSerializer):
    """The serializer of a kind whose declaration names `approval_flags` among its fields."""

    approval_flags = FlagsField()

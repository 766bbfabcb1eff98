"""A field of endpoints that name a check by its id: how the framework in force calls it."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from readiness.assessment.framework import queries
from readiness.assessment.framework.core.definition import Check


def checks_in(context: Any) -> Mapping[str, Check]:
    """The checks in force, which an answer reads once; `context` is that of its serializer."""
    if "checks_by_id" not in context:
        context["checks_by_id"] = queries.current()[1].checks_by_id
    checks: Mapping[str, Check] = context["checks_by_id"]
    return checks


class CheckWordsField(serializers.CharField):
    """The `name` or the `claim` of a check; its id if the framework in force lacks it."""

    def __init__(self, words: str, **options: Any) -> None:
        super().__init__(source="check_id", read_only=True, **options)
        self.words = words

    def to_representation(self, value: Any) -> str:
        check = checks_in(self.context).get(value)
        return str(getattr(check, self.words)) if check else str(value)

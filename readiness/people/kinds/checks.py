"""Checks that procedures serve: of the framework in force, in forms and endpoints alike."""

from collections.abc import Mapping

from django import forms
from rest_framework import serializers

from readiness.framework import queries as framework_queries
from readiness.people.practice_forms import DatedForm
from web.rest.serializers import ObjectSerializer


def check_names() -> Mapping[str, str]:
    return framework_queries.check_names()


def _choices() -> list[tuple[str, str]]:
    return [(check, f"{check}: {name}") for check, name in check_names().items()]


class CheckedForm(DatedForm):
    checks = forms.MultipleChoiceField(
        label="Checks",
        choices=_choices,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Checks of the framework that it serves.",
    )


class CheckedSerializer(ObjectSerializer):
    due_at = serializers.DateTimeField(read_only=True, help_text="When it is to be reviewed next.")
    is_overdue = serializers.BooleanField(read_only=True)
    exercised_at = serializers.DateTimeField(read_only=True, help_text="When a drill last exercised it.")

    def validate_checks(self, checks: list[str]) -> list[str]:
        unknown = [check for check in checks if check not in check_names()]
        if unknown:
            raise serializers.ValidationError(f"The framework in force has no check {', '.join(unknown)}.")
        return list(dict.fromkeys(checks))

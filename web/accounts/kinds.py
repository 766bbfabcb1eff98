"""The kind of group rules, which administrators write."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers

from accounts.models import GroupRule
from web.accounts.confirmed_api import ConfirmedViewSet
from web.kinds.declaring import ObjectForm, declared
from web.rest.serializers import ObjectSerializer
from web.scopes import places

FIELDS = ("group", "role", "scope_kind", "scope_slug")


def refuse_no_place(kind: str, slug: str) -> None:
    """Raise ValidationError for a place that there is not: a rule for it would give less than it says."""
    if kind and slug and (kind, slug) not in places():
        raise ValidationError({"scope_slug": f"There is no {kind} {slug!r}."})


class GroupRuleForm(ObjectForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        refuse_no_place(cleaned.get("scope_kind", ""), cleaned.get("scope_slug", ""))
        return cleaned


class GroupRuleSerializer(ObjectSerializer):
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        kind, slug = (
            attrs.get(name, getattr(self.instance, name, "")) for name in ("scope_kind", "scope_slug")
        )
        try:
            refuse_no_place(kind, slug)
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return attrs


GROUP_RULE = declared(
    GroupRule,
    FIELDS,
    ("group", "role", "scope_kind", "scope_slug"),
    brief=("group", "role"),
    search=("group", "role", "scope_slug"),
    panel=("role",),
    form=GroupRuleForm,
    serializer=GroupRuleSerializer,
    viewset=ConfirmedViewSet,
    default_sort="group",
    room=("Users", "users"),
    icon="users-group",
    address="group-rules",
    pages=("list", "add", "detail", "edit", "delete"),
    links=(("Try groups", "group-rule-try", "flask"),),
    hint="What members of a group of the provider get when they sign in",
    empty={
        "title": "No group rules yet",
        "text": "Without a rule nobody gets in by the provider.",
        "icon": "users-group",
    },
    search_order=None,
)

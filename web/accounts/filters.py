"""Filters of users and tokens, for the API and for pages."""

import django_filters

from accounts.models import Token, User
from accounts.roles import ROLES
from web.rest.filters import ObjectFilterSet


class UserFilters(ObjectFilterSet):
    role = django_filters.MultipleChoiceFilter(
        field_name="groups__name", choices=[(name, name) for name in ROLES], label="Role"
    )

    class Meta:
        model = User
        fields = ["username", "email", "is_active", "last_login", "date_joined"]
        search_fields = ["username", "first_name", "last_name", "email"]
        panel = ["role", "is_active"]


class TokenFilters(ObjectFilterSet):
    class Meta:
        model = Token
        fields = [
            "user",
            "name",
            "prefix",
            "scope",
            "enabled",
            "created_at",
            "expires_at",
            "last_used_at",
            "replaces",
        ]
        search_fields = ["name", "prefix"]

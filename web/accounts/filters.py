"""Filters of users and tokens, for the API and for pages."""

import django_filters

from accounts.models import Token, User, UserQuerySet
from accounts.roles import ROLES
from web.rest.filters import ObjectFilterSet


class UserFilters(ObjectFilterSet):
    role = django_filters.MultipleChoiceFilter(
        field_name="groups__name", choices=[(name, name) for name in ROLES], label="Role"
    )

    unowned = django_filters.BooleanFilter(method="narrow_to_unowned", label="Nobody answers for it")

    class Meta:
        model = User
        fields = ["username", "email", "kind", "owner", "purpose", "is_active", "last_login", "date_joined"]
        search_fields = ["username", "first_name", "last_name", "email", "purpose"]
        panel = ["role", "kind", "unowned", "is_active"]

    def narrow_to_unowned(self, users: UserQuerySet, name: str, value: bool) -> UserQuerySet:
        unowned = User.objects.unowned().values("pk")
        return users.filter(pk__in=unowned) if value else users.exclude(pk__in=unowned)


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

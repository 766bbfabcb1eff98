"""The user of a session."""

from functools import cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import OuterRef, QuerySet

from accounts.models import User
from accounts.queries import names_of_permissions, rows_of_views, slugs_of_scopes


@cache
def _users() -> QuerySet[User]:
    return User.objects.order_by().annotate(
        permission_names=names_of_permissions(OuterRef("pk")),
        scope_slugs=slugs_of_scopes(OuterRef("pk")),
        view_rows=rows_of_views(OuterRef("pk")),
    )


class ScopedBackend(ModelBackend):
    """Loads the user of a session with permissions, scopes and views, which then take no statements of their own."""

    def get_user(self, user_id: int) -> User | None:
        user = _users().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        names = getattr(user_obj, "permission_names", None)
        if names is None or obj is not None or user_obj.is_superuser or not user_obj.is_active:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = set(names)
        return user_obj._perm_cache

"""The user of a session."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import User
from accounts.queries import names_of_permissions, rows_of_views, slugs_of_scopes


@cache
def _users() -> QuerySet[User]:
    return User.objects.order_by().annotate(
        permission_names=_compiled(names_of_permissions(OuterRef("pk"))),
        scope_slugs=_compiled(slugs_of_scopes(OuterRef("pk"))),
        view_rows=_compiled(rows_of_views(OuterRef("pk"))),
    )


def _compiled(rows: ArraySubquery) -> RawSQL:
    """Return the same in SQL. Every request reads its user: making this statement took longer than running it."""
    query = User.objects.annotate(rows=rows).query
    compiler = query.get_compiler("default")
    compiler.pre_sql_setup()
    annotation = query.annotations["rows"]
    sql, parameters = compiler.compile(annotation)
    return RawSQL(sql, parameters, output_field=annotation.output_field)


class ScopedBackend(ModelBackend):
    """Loads the user of a session with permissions, scopes and views, which then take no statements of their own.

    No password opens anything while passwords are switched off.
    """

    def authenticate(self, request: Any, username: Any = None, password: Any = None, **others: Any) -> Any:
        return super().authenticate(request, username, password, **others) if settings.PASSWORDS else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Programs act by tokens; no password and no session is theirs."""
        return super().user_can_authenticate(user) and not user.is_service

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

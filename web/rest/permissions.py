"""Permissions of endpoints. A refusal names the missing permission."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.permissions import BasePermission

from web.permissions import note

if TYPE_CHECKING:
    # REST framework imports this module through its settings, before its own views.
    from rest_framework.views import APIView

ACTION_OF = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class Permission(BasePermission):
    def needed(self, request: HttpRequest, view: "APIView") -> list[str]:
        raise NotImplementedError

    def has_permission(self, request: HttpRequest, view: "APIView") -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        needed = self.needed(request, view)
        missing = [name for name in needed if not request.user.has_perm(name)]
        if missing:
            self.message = f"Missing permission: {', '.join(missing)}."
        elif needed:
            # REST framework wraps the request that a refusal reads.
            note(getattr(request, "_request", request), needed)
        return not missing


class ModelPermissions(Permission):
    def needed(self, request: HttpRequest, view: "APIView") -> list[str]:
        if getattr(view, "_ignore_model_permissions", False):
            return []
        queryset = getattr(view, "queryset", None)
        if queryset is None:
            raise TypeError(
                f"{type(view).__name__} has no queryset: give it permission_classes = [requires(…)]."
            )
        model = queryset.model._meta
        return [f"{model.app_label}.{ACTION_OF.get(request.method or '', 'view')}_{model.model_name}"]


class SignedIn(Permission):
    def needed(self, request: HttpRequest, view: "APIView") -> list[str]:
        return []


def requires(*permissions: str, **by_method: str) -> type[Permission]:
    """Make a permission for endpoints that are no plain CRUD: `permission_classes = [requires("inventory.view_site",
    POST="…")]`.

    A method named by keyword needs that permission in place of the general ones.
    """

    class Requires(Permission):
        def needed(self, request: HttpRequest, view: "APIView") -> list[str]:
            return [by_method[request.method]] if request.method in by_method else list(permissions)

    return Requires

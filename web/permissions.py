"""Permissions of pages.

Anonymous readers are sent to sign in; others get a page that says what they may not do, and which roles may. Programs
get the permission's name; clients that want JSON get both refusals as JSON (401 and 403).
"""

from collections.abc import Callable
from functools import wraps

from django.apps import apps as django_apps
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods

from accounts.roles import ROLES
from web.requests import asks_for_json

__all__ = ["ROLES", "MissingPermission", "asks", "reads", "require", "roles_of", "signed_in", "words_of"]


VERBS = {"view": "see", "add": "add", "change": "change", "delete": "delete"}


class MissingPermission(PermissionDenied):
    """The missing permissions; the page for 403 describes them in words."""

    def __init__(self, permissions: list[str]) -> None:
        self.permissions = permissions
        super().__init__(f"Missing permission: {', '.join(permissions)}.")


def words_of(permission: str) -> str:
    app, _dot, codename = permission.rpartition(".")
    for model in django_apps.get_app_config(app).get_models() if app in django_apps.app_configs else ():
        meta = model._meta
        custom = dict(meta.permissions).get(codename)
        if custom is not None:
            return str(custom).removeprefix("Can ")
        verb, _line, name = codename.partition("_")
        if name == meta.model_name and verb in VERBS:
            return f"{VERBS[verb]} {meta.verbose_name_plural}"
    return codename


def roles_of(permission: str) -> str:
    *others, last = [role.name for role in ROLES.values() if role.may(permission)]
    return f"{', '.join(others)} {'or'} {last}" if others else last


type View = Callable[..., HttpResponseBase]


def require(*permissions: str) -> Callable[[View], View]:
    """The reader needs all of these permissions; without any, only a sign-in."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            missing = [name for name in permissions if not request.user.has_perm(name)]
            if missing:
                raise MissingPermission(missing)
            return view(request, *args, **kwargs)

        checked.permissions = permissions  # type: ignore[attr-defined]
        return checked

    return decorate


signed_in = require()


def reads(*permissions: str) -> Callable[[View], View]:
    return lambda view: require(*permissions)(conditional_page(require_GET(view)))


def asks(*permissions: str) -> Callable[[View], View]:
    form_only = require_http_methods(["GET", "POST"])
    return lambda view: require(*permissions)(never_cache(form_only(view)))


def _sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        # htmx would swap the sign-in form into a card; this header makes the browser go there.
        response = HttpResponse(status=401)
        response["HX-Redirect"] = redirect_to_login(request.headers.get("HX-Current-URL", "/")).url
        return response
    if asks_for_json(request):
        # A program would follow a redirect and take the sign-in form for the answer.
        return JsonResponse({"detail": "Sign in first."}, status=401)
    return redirect_to_login(request.get_full_path())

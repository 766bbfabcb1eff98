"""Permissions of pages.

Anonymous readers are sent to sign in; others get a page that says what they may not do, and which roles may. Programs
get the permission's name; clients that want JSON get both refusals as JSON (401 and 403).
"""

from collections.abc import Callable, Iterable
from functools import wraps

from django.apps import apps as django_apps
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods

from accounts.roles import ROLES
from web.requests import asks_for_json

__all__ = [
    *(
        "ROLES",
        "MissingPermission",
        "asks",
        "model_of",
        "note",
        "permissions_in_use",
        "reads",
        "require",
        "roles_of",
    ),
    *("signed_in", "words_of"),
]


VERBS = {"view": "see", "add": "add", "change": "change", "delete": "delete"}


class MissingPermission(PermissionDenied):
    """The missing permissions; the page for 403 describes them in words."""

    def __init__(self, permissions: list[str]) -> None:
        self.permissions = permissions
        super().__init__(f"Missing permission: {', '.join(permissions)}.")


def model_of(permission: str) -> type[Model] | None:
    app, _dot, codename = permission.rpartition(".")
    verb, _line, name = codename.partition("_")
    for model in django_apps.get_app_config(app).get_models() if app in django_apps.app_configs else ():
        if codename in dict(model._meta.permissions) or (name == model._meta.model_name and verb in VERBS):
            return model
    return None


def words_of(permission: str) -> str:
    codename = permission.rpartition(".")[2]
    if (model := model_of(permission)) is None:
        return codename
    custom = dict(model._meta.permissions).get(codename)
    verb = codename.partition("_")[0]
    return str(custom).removeprefix("Can ") if custom else f"{VERBS[verb]} {model._meta.verbose_name_plural}"


def roles_of(permission: str) -> str:
    *others, last = [role.name for role in ROLES.values() if role.may(permission)]
    return f"{', '.join(others)} {'or'} {last}" if others else last


def note(request: HttpRequest, permissions: Iterable[str]) -> None:
    """Keep the permissions with which a request was let in, for the refusal of what it then writes."""
    request.permissions_in_use = tuple(permissions)  # type: ignore[attr-defined]


def permissions_in_use(request: HttpRequest | None) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(request, "permissions_in_use", ())
    return tuple(name for name in names if ".view_" not in name)


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
            note(request, permissions)
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

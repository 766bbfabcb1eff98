"""Records what a request was refused, which files it took, and who asked for a link to a new password."""

import re
from pathlib import PurePath
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.http import parse_header_parameters

from web import clock
from web.middleware import Respond
from web.security_log.models import SecurityEvent
from web.security_log.recording import record

_ACTION = SecurityEvent.Action
NAME_FIELDS = {"login": "username", "reset": "name"}
"""Pages where somebody who is not signed in types the name of an account, and in which field."""
PROOFS = {
    "login",
    "confirm",
    "second-step",
    "passkey-begin",
    "provider",
    "provider-return",
    "password-change",
}
"""Names of the pages where somebody proves who they are."""
RESET = "reset"
INLINE_FILES = ("text/calendar",)
"""Files that browsers are told to show, and that programs keep."""
_PART = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


class SecurityLogMiddleware:
    """Stands below the middleware that knows who acts."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (action := action_of(request, response)) is not None:
            _record(action, request, response)
        return response


def action_of(request: HttpRequest, response: HttpResponse) -> SecurityEvent.Action | None:
    """The event that an answer leaves in the security log; None for most."""
    status = response.status_code
    if status == 403:
        return _ACTION.REFUSED
    if status == 401 and "Authorization" in request.headers:
        return _ACTION.TOKEN_REFUSED
    if status == 429 and _is_unknown_token(request):
        return _ACTION.TOKEN_DELAYED
    if status == 429 and _page_name(request) in PROOFS:
        return _ACTION.SIGN_IN_DELAYED
    if request.method == "POST" and _page_name(request) == RESET and status != 404:
        return _ACTION.LINK_ASKED
    return _ACTION.EXPORTED if status == 200 and _is_file(response) and request.method != "HEAD" else None


def _is_unknown_token(request: HttpRequest) -> bool:
    """A token that is known is named on the request, also if it makes too many calls."""
    return "Authorization" in request.headers and not hasattr(request, "presented_token")


def _is_file(response: HttpResponse) -> bool:
    is_attached = response.get("Content-Disposition", "").startswith("attachment")
    return is_attached or response.get("Content-Type", "").startswith(INLINE_FILES)


def _record(action: SecurityEvent.Action, request: HttpRequest, response: HttpResponse) -> None:
    token = getattr(request, "presented_token", None)
    actor_id = request.user.pk or getattr(token, "user_id", None)
    field = NAME_FIELDS.get(_page_name(request) or "", "")
    is_of_name = action in (_ACTION.SIGN_IN_DELAYED, _ACTION.LINK_ASKED)
    name = request.POST.get(field, "") if is_of_name else ""
    detail: dict[str, Any] = {"method": request.method}
    if action == _ACTION.EXPORTED:
        detail["form"] = file_form(response)
    record(
        action,
        actor_id=actor_id,
        account_id=None if name else getattr(request, "account_to_prove", actor_id),
        account_name=name,
        token=token.prefix if token is not None else "",
        address=request.META.get("REMOTE_ADDR", ""),
        place=place_of(request.resolver_match) if request.resolver_match else "",
        detail=detail,
        request_id=getattr(request, "id", ""),
        now=clock.now(),
    )


def _page_name(request: HttpRequest) -> str | None:
    return request.resolver_match.url_name if request.resolver_match else None


def file_form(response: HttpResponse) -> str:
    """The ending of the file's name, such as "csv": the name itself may be a person's."""
    _kind, parameters = parse_header_parameters(response.get("Content-Disposition", ""))
    return PurePath(parameters.get("filename", "")).suffix.removeprefix(".")


def place_of_path(path: str) -> str:
    """The place of a request that was answered before its address was looked up; "" for none of ours."""
    try:
        return place_of(resolve(path))
    except Resolver404:
        return ""


def place_of(match: ResolverMatch) -> str:
    """The address with the number or slug of its object. Other parts of an address may be secrets, so the name of the
    part stands in their place."""
    objects = {name: str(value) for name, value in match.kwargs.items() if _names_an_object(name, value)}

    def fill(part: re.Match[str]) -> str:
        name = part[1] or part[2]
        return objects.get(name, f"<{name}>")

    return "/" + _PART.sub(fill, match.route.replace("^", "").replace("\\Z", "").replace("$", ""))


def _names_an_object(name: str, value: Any) -> bool:
    return isinstance(value, int) or (name in ("pk", "slug") and value is not None)

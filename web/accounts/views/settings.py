"""The user's own settings: display, password, and tokens for programs."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps as django_apps
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import operations, token_ends
from accounts.models import Token, User
from accounts.queries import role_of, scopes_of
from web import clock
from web.accounts.forms import DisplayForm, OwnPasswordForm, TokenForm
from web.accounts.signing import add_wait, note_refusal
from web.ages import ago
from web.confirming import confirmed
from web.context import shortcuts_of, theme_of
from web.navigation import tabs_for
from web.permissions import MissingPermission, reads, signed_in, words_of
from web.requests import UserRequest
from web.scopes import scope_text
from web.settings_sections import settings_tabs
from web.units import how_many


@dataclass(frozen=True, slots=True)
class TokenRow:
    token: Token
    expired: bool
    ends_soon: bool
    last_use: str
    successor: str
    """The beginning of the token that replaces it; "" if none does."""


COOKIE_AGE_S = int(timedelta(days=365).total_seconds())


def opening_views(user: User) -> list[tuple[str, Any]]:
    """Possible start pages of this person, by url name: those of the navigation."""
    return [(tab.url_name, tab.label) for tab in tabs_for(user)]


def token_rows(user: User, *, now: datetime) -> list[TokenRow]:
    """The user's tokens that are not revoked, including expired ones, newest first."""
    tokens = list(user.tokens.filter(enabled=True))
    successors = {token.replaces_id: token.prefix for token in tokens}
    return [
        TokenRow(
            token,
            token.has_expired(now),
            token_ends.ends_soon(token, now),
            ago(token.last_used_at, now=now),
            successors.get(token.pk, ""),
        )
        for token in tokens
    ]


@never_cache
@signed_in
def display(request: UserRequest) -> HttpResponse:
    views = opening_views(request.user)
    form = DisplayForm(request.POST or None, views=views, initial=_shown_now(request))
    if request.method != "POST" or not form.is_valid():
        return _page(request, form=form, token_form=TokenForm())
    values = form.cleaned_data
    operations.set_display(
        request.user,
        theme=values["theme"],
        time_zone=values["time_zone"],
        preferences={name: values[name] for name in ("default_view", "shortcuts") if name in values},
        now=clock.now(),
    )
    messages.success(request, "Your settings are saved.")
    response = redirect("settings")
    # Cookies take precedence, so write them too, or an older cookie would override this choice.
    for name, value in (("theme", values["theme"]), ("shortcuts", "on" if values["shortcuts"] else "off")):
        response.set_cookie(name, value, max_age=COOKIE_AGE_S, samesite="Lax", secure=request.is_secure())
    return response


@reads()
def access(request: UserRequest) -> HttpResponse:
    """Explain the user's access: role, sites, and each permission in words."""
    permissions = {words_of(name): name for name in request.user.get_all_permissions()}
    by_app: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for words, name in sorted(permissions.items()):
        by_app[str(django_apps.get_app_config(name.partition(".")[0]).verbose_name)].append((words, name))
    context = {
        "role": role_of(request.user),
        "sites": scope_text(scopes_of(request.user)),
        "how_many": len(permissions),
        "groups": sorted(by_app.items()),
    }
    return render(request, "accounts/access.html", {"tabs": settings_tabs(request, "access"), **context})


@require_POST
@never_cache
@signed_in
@confirmed
def add_token(request: UserRequest) -> HttpResponse:
    """Answer with the secret itself instead of a redirect: it is shown once and stored nowhere."""
    now = clock.now()
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form, status=400)
    values = form.cleaned_data
    token, plain = operations.create_token(
        user=request.user,
        name=values["name"],
        scope=values["scope"],
        expires_at=form.expires_at(now),
        by=request.user,
        now=now,
    )
    return _page(request, token_form=TokenForm(), made=token, plain=plain)


@require_POST
@never_cache
@signed_in
@confirmed
def replace_token(request: UserRequest, pk: int) -> HttpResponse:
    """Show the successor's secret as `add_token` does."""
    token, now = get_object_or_404(request.user.tokens.filter(enabled=True), pk=pk), clock.now()
    try:
        successor, plain = token_ends.replace_token(
            token,
            expires_at=token_ends.successor_end(token, now=now),
            overlap=token_ends.OVERLAP,
            by=request.user,
            now=now,
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("settings")
    [replaced] = (row for row in token_rows(request.user, now=now) if row.token == token)
    return _page(request, token_form=TokenForm(), made=successor, plain=plain, replaced=replaced)


@require_POST
@signed_in
def revoke_token(request: UserRequest, pk: int) -> HttpResponse:
    token = Token.objects.filter(pk=pk).first()
    if token is None:
        raise Http404
    if token.user_id != request.user.pk and not request.user.has_perm("accounts.delete_token"):
        raise MissingPermission(["accounts.delete_token"])
    operations.revoke_token(token, by=request.user, now=clock.now())
    messages.success(request, f"The token {token.name} is revoked.")
    return redirect("settings")


class PasswordChange(LoginRequiredMixin, PasswordChangeView):
    request: UserRequest
    form_class = OwnPasswordForm
    success_url = reverse_lazy("settings")
    extra_context = {"heading": "Settings"}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.PASSWORDS:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(tabs=settings_tabs(self.request, "password-change"), **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_invalid(self, form: Any) -> HttpResponse:
        if "old_password" in form.errors:
            note_refusal(self.request, "Change of the password", form.wait_s, form.user.get_username())
        return add_wait(super().form_invalid(form), form.wait_s)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, "Your password is changed. Your other sessions are signed out.")
        if form.revoked:
            messages.info(self.request, revoked_words(form.revoked))
        return response


def revoked_words(count: int) -> str:
    return how_many(count, "token is revoked.", "tokens are revoked.")


def _shown_now(request: UserRequest) -> dict[str, Any]:
    return {
        "theme": theme_of(request),
        "time_zone": request.user.time_zone,
        "default_view": request.user.preferences.get("default_view", "home"),
        "shortcuts": shortcuts_of(request),
    }


def _page(
    request: UserRequest, *, status: int = 200, form: DisplayForm | None = None, **context: Any
) -> HttpResponse:
    now = clock.now()
    views = opening_views(request.user)
    return render(
        request,
        "accounts/settings.html",
        {
            "tabs": settings_tabs(request, "settings"),
            "role": role_of(request.user),
            "form": form or DisplayForm(views=views, initial=_shown_now(request)),
            "tokens": token_rows(request.user, now=now),
            **context,
        },
        status=status,
    )

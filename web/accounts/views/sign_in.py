"""Sign in, confirm who one is, sign out. Each leaves a line in the log."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.queries import find_account
from web import clock
from web.accounts import factors, provider, second_step
from web.accounts.forms import CodeForm, IdentityForm, SignInForm
from web.accounts.reset import can_reset
from web.accounts.signing import add_wait, next_page, note_refusal, note_sign_in, sign_in, start_page
from web.permissions import asks
from web.requests import UserRequest
from web.scopes import use_scope


class SignIn(LoginView):
    request: UserRequest
    form_class = SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ways = {"passwords": settings.PASSWORDS, "can_reset": can_reset(), "provider": _provider_name()}
        return super().get_context_data(**ways, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        user = form.get_user()
        if factors.has_factor(user):
            second_step.begin(self.request, user)
            return redirect("second-step")
        # Whoever was signed in here before may not write another user's row.
        with use_scope(None):
            response = super().form_valid(form)
        note_sign_in(self.request, "Signed in", form.get_user().get_username())
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_invalid(form)
        note_refusal(self.request, "Sign-in", form.wait_s, _account_name(form))
        return add_wait(response, form.wait_s)

    def get_default_redirect_url(self) -> str:
        return start_page(self.request.user)


class SignOut(LogoutView):
    request: UserRequest

    def post(self, request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        username = request.user.get_username()
        response = super().post(request, *args, **kwargs)
        note_sign_in(request, "Signed out", username)
        return response


@sensitive_post_parameters()
@asks()
def confirm(request: UserRequest) -> HttpResponse:
    """Ask for the password again, or for a code where there is none, and go on to the page that needs it."""
    can_confirm = settings.PASSWORDS and request.user.has_usable_password()
    by_code = not can_confirm and factors.has_factor(request.user)
    form_class = CodeForm if by_code else IdentityForm
    form = form_class(request.POST or None, request=request, user=request.user)
    if request.method == "POST" and form.is_valid():
        sessions.confirm(request.session, proved_at=clock.now())
        note_sign_in(request, "Confirmed", request.user.get_username())
        return redirect(next_page(request))
    if form.is_bound:
        note_refusal(request, "Confirmation", form.wait_s, request.user.get_username())
    context = {
        "form": form,
        "next": next_page(request),
        "can_confirm": can_confirm or by_code,
        "by_code": by_code,
        "provider": _provider_name(),
        "has_passkey": factors.has_passkey(request.user),
    }
    return add_wait(render(request, "accounts/confirm.html", context), form.wait_s)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@never_cache
def second(request: UserRequest) -> HttpResponse:
    """Ask for the second factor of whoever just gave the right password."""
    user = second_step.user_of(request)
    if user is None:
        return redirect("login")
    form = CodeForm(request.POST or None, request=request, user=user)
    if request.method == "POST" and form.is_valid():
        address = second_step.end(request)
        sign_in(request, user, what="Signed in with a second factor")
        return redirect(address or start_page(user))
    if form.is_bound:
        note_refusal(request, "Second factor", form.wait_s, user.get_username())
    context = {"form": form, "has_passkey": factors.has_passkey(user)}
    return add_wait(render(request, "accounts/second_step.html", context), form.wait_s)


def _account_name(form: SignInForm) -> str:
    """The name of an account, never what else was typed: people type their password where the name belongs."""
    if form.wait_s:
        return "(unchecked)"
    account = find_account(str(form.data.get("username", "")))
    return account.get_username() if account else "(unknown)"


def _provider_name() -> str:
    return settings.OIDC_NAME if provider.is_configured() else ""

"""Sign in, confirm who one is, sign out. Each leaves a line in the log."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from accounts import sessions
from accounts.queries import find_account
from web import clock
from web.accounts.forms import IdentityForm, SignInForm
from web.accounts.reset import can_reset
from web.accounts.signing import next_page, note_sign_in, start_page
from web.permissions import asks
from web.requests import UserRequest
from web.scopes import use_scope


class SignIn(LoginView):
    request: UserRequest
    form_class = SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ways = {"passwords": settings.PASSWORDS, "can_reset": can_reset()}
        return super().get_context_data(**ways, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        # Whoever was signed in here before may not write another user's row.
        with use_scope(None):
            response = super().form_valid(form)
        note_sign_in(self.request, "Signed in", form.get_user().get_username())
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_invalid(form)
        _note_refusal(self.request, "Sign-in", form.wait_s, _account_name(form))
        return _add_wait(response, form.wait_s)

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
    """Ask for the password again, and go on to the page that needs it."""
    form = IdentityForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        sessions.confirm(request.session, now=clock.now())
        note_sign_in(request, "Confirmed", request.user.get_username())
        return redirect(next_page(request))
    if form.is_bound:
        _note_refusal(request, "Confirmation", form.wait_s, request.user.get_username())
    can_confirm = settings.PASSWORDS and request.user.has_usable_password()
    context = {"form": form, "next": next_page(request), "can_confirm": can_confirm}
    return _add_wait(render(request, "accounts/confirm.html", context), form.wait_s)


def _account_name(form: SignInForm) -> str:
    """The name of an account, never what else was typed: people type their password where the name belongs."""
    if form.wait_s:
        return "(unchecked)"
    account = find_account(str(form.data.get("username", "")))
    return account.get_username() if account else "(unknown)"


def _note_refusal(request: UserRequest, what: str, wait_s: int, username: str) -> None:
    note_sign_in(request, f"{what} refused unseen" if wait_s else f"{what} failed", username)


def _add_wait(response: HttpResponse, wait_s: int) -> HttpResponse:
    if wait_s:
        response.status_code = 429
        response["Retry-After"] = str(wait_s)
    return response

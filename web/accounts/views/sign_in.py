"""Sign in, sign out, and make the first administrator of a new installation. Each leaves a line in the log."""

import logging
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import operations
from web import clock
from web.accounts.forms import FirstAdminForm, SignInForm, refusals_on
from web.actor import acting
from web.requests import UserRequest

_log = logging.getLogger(__name__)


def _note(request: UserRequest, what: str, username: str) -> None:
    """Quote the name, because the user chooses it: a line break in it would forge a line of the log."""
    address = request.META.get("REMOTE_ADDR", "")
    _log.info("%s: account %r, address %s, request %s", what, username, address, request.id)


class SignIn(LoginView):
    request: UserRequest
    form_class = SignInForm

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_valid(form)
        _note(self.request, "Signed in", form.get_user().get_username())
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_invalid(form)
        what = "Sign-in refused unseen" if form.wait_s else "Sign-in failed"
        _note(self.request, what, str(form.data.get("username", ""))[:150])
        if form.wait_s:
            response.status_code = 429
            response["Retry-After"] = str(form.wait_s)
        return response

    def get_default_redirect_url(self) -> str:
        """The person's start page; home if that page no longer exists."""
        try:
            return reverse(str(self.request.user.preferences.get("default_view", "home")))
        except NoReverseMatch:
            return super().get_default_redirect_url()


class SignOut(LogoutView):
    request: UserRequest

    def post(self, request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        username = request.user.get_username()
        response = super().post(request, *args, **kwargs)
        _note(request, "Signed out", username)
        return response


@sensitive_post_parameters()
@never_cache
def first_admin(request: UserRequest, secret: str) -> HttpResponse:
    """Opening the page does not use the link up, because programs that preview links open it too."""
    now = clock.now()
    if not operations.link_opens(secret, now=now):
        return render(request, "accounts/link_spent.html", status=410)
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("username", "email", "password")}
        try:
            with (
                refusals_on(form),
                acting(values["username"], message="First administrator", request_id=request.id),
            ):
                login(request, operations.redeem_first_admin_link(secret, **values, now=now))
                _note(request, "Signed in as the first administrator", values["username"])
                return redirect("/")
        except operations.LinkSpent:
            return render(request, "accounts/link_spent.html", status=410)
    return render(request, "accounts/first_admin.html", {"form": form})

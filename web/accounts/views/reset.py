"""Ask for a new password by mail."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from accounts.links import USER_LINK_LASTS
from web import clock
from web.accounts.forms import AskResetForm
from web.accounts.reset import can_reset, mail_password_link, wait_s
from web.accounts.signing import add_wait, note_sign_in
from web.requests import UserRequest
from web.units import duration


@require_http_methods(["GET", "POST"])
@never_cache
def ask(request: UserRequest) -> HttpResponse:
    if not can_reset():
        raise Http404
    form = AskResetForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/reset.html", {"form": form})
    name = form.cleaned_data["name"]
    # People type their password where the name belongs.
    note_sign_in(request, "Password link asked for", "(unchecked)")
    if wait := wait_s(name, request.META.get("REMOTE_ADDR", ""), now=clock.now()):
        form.add_error(None, f"Too many requests. Try again in {duration(wait)}.")
        return add_wait(render(request, "accounts/reset.html", {"form": form}), wait)
    try:
        mail_password_link.apply_async(
            kwargs={"name": name, "path": reverse("reset")}, expires=600, retry=False
        )
    except OperationalError:
        form.add_error(None, "Muster cannot send mail at the moment. Try again in some minutes.")
        return render(request, "accounts/reset.html", {"form": form}, status=503)
    lasts = duration(USER_LINK_LASTS.total_seconds())
    return render(request, "accounts/reset_sent.html", {"name": name, "lasts": lasts})

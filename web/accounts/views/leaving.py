"""The page on which a person's account is deactivated: what they leave behind, and who takes it over."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts import leaving as leaving_operations
from accounts.models import User
from web import clock, leaving
from web.accounts.account_forms import LeaverForm
from web.accounts.forms import refusals_on
from web.confirming import confirmed
from web.permissions import require
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.units import how_many


@require("accounts.view_user", "accounts.change_user")
@confirmed
def leave(request: UserRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk, kind=User.Kind.PERSON, is_active=True)
    owned_count = person.service_accounts.count()
    form = LeaverForm(request.POST or None, person=person, owned=owned_count)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            to = form.cleaned_data.get("to")
            count = leaving_operations.leave(person, to=to, by=request.user, now=clock.now())
            messages.success(request, f"{person} is deactivated.")
            if count:
                accounts = how_many(count, "service account belongs", "service accounts belong")
                messages.info(request, f"{accounts} to {to} now.")
            return redirect("user-detail", pk=pk)
    context = {
        "tabs": settings_tabs(request, "users"),
        "person": person,
        "form": form,
        "left": leaving.leavers_list(person, reader=request.user, now=clock.now()),
    }
    return render(request, "accounts/leave.html", context)

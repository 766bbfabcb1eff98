"""Forms to save, change and delete a view, and to change table settings."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import SavedView
from accounts.operations import NotAllowed
from web.accounts.forms import refusals_on
from web.permissions import MissingPermission, asks, signed_in
from web.requests import UserRequest
from web.saved_views import operations
from web.saved_views.queries import may_open, views_of


class NewViewForm(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ["table", "name", "query", "shared", "default"]

    def _post_clean(self) -> None:
        """Skipped: the operation validates the object with its owner."""


class ViewForm(NewViewForm):
    class Meta(NewViewForm.Meta):
        fields = ["name", "shared", "default", "query"]
        labels = {"shared": "Shared with everybody", "default": "Default of the list"}
        widgets = {"query": forms.HiddenInput}


@require_POST
@never_cache
@signed_in
def save_view(request: UserRequest) -> HttpResponse:
    form = NewViewForm(request.POST)
    table = request.POST.get("table", "")
    if not may_open(request.user, table):
        raise Http404
    if form.is_valid():
        try:
            view = operations.save_view(**form.cleaned_data, by=request.user)
        except (NotAllowed, ValidationError) as error:
            return _back(request, table, getattr(error, "messages", [str(error)]))
        messages.success(request, f"The view {view} is saved. You find it in the side bar.")
        return redirect(_url(request, view))
    return _back(request, table, [str(message) for errors in form.errors.values() for message in errors])


@asks()
def change_view(request: UserRequest, pk: int) -> HttpResponse:
    view = _shown_view(request, pk)
    _refuse_others(request, view, "accounts.change_savedview")
    form = ViewForm(request.POST or None, initial=forms.model_to_dict(view))
    name = view.name
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            operations.change_view(view, **form.cleaned_data, by=request.user)
            messages.success(request, f"The view {view} is saved.")
            return redirect(_url(request, view))
    context: dict[str, Any] = {"heading": name, "form": form, "view": view, "list_url": reverse(view.table)}
    return render(request, "web/saved_view.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@signed_in
def delete_view(request: UserRequest, pk: int) -> HttpResponse:
    view = _shown_view(request, pk)
    _refuse_others(request, view, "accounts.delete_savedview")
    operations.delete_view(view, by=request.user)
    messages.success(request, f"The view {view.name} is deleted.")
    return redirect(f"{reverse(view.table)}?{view.query}")


def _shown_view(request: UserRequest, pk: int) -> SavedView:
    view = get_object_or_404(SavedView.objects.filter(Q(owner=request.user) | Q(shared=True)), pk=pk)
    if not may_open(request.user, view.table):
        raise Http404
    return view


def _refuse_others(request: UserRequest, view: SavedView, permission: str) -> None:
    if view.owner_id != request.user.pk and not request.user.has_perm(permission):
        raise MissingPermission([permission])


def _url(request: UserRequest, view: SavedView) -> str:
    # Read again, because the session's copy is outdated.
    del request.user.view_rows  # type: ignore[attr-defined]
    return next(each.url for each in views_of(request.user) if each.id == view.pk)


def _back(request: UserRequest, table: str, refused: list[str]) -> HttpResponse:
    messages.error(request, " ".join(refused))
    return redirect(f"{reverse(table)}?{request.POST.get('query', '')}")

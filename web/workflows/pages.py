"""Steps on pages: the offered ones, their addresses, and the page with the reasons of a refusal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import User
from web.clock import now
from web.forms import RefusedForm
from web.history import restoring, undo
from web.history.events import history_of
from web.middleware import page_above
from web.permissions import note, reads
from web.permissions import require as require_all
from web.scopes import may_write
from web.workflows.approvals import flag_words, flags_on
from web.workflows.steps import NotInState, WorkflowStep, require

OUTSIDE = "It lies outside the sites that you may change."

type Show = Callable[..., HttpResponseBase]
"""`show(request, obj, refusals=[…], status=422)` is the page of the object."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The later step that takes back one just taken, with the label of its button and the words that go with it."""

    step: WorkflowStep[Any]
    label: str = "Undo"
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPages:
    """`page` is the url name of the object's page; that of a step has its name appended.

    `find` gets the object by its key, `show` is its page. `done` has the message after each step. `to` is the next
    page, by default the page of the object; after a step that deletes the object, the list above is shown.
    What the steps in `undone` wrote can be taken back by the message, as after a form; those in `taken_back` have a
    later step that does it.
    """

    page: str
    see: tuple[str, ...]
    find: Callable[[int], Any]
    show: Show
    done: dict[WorkflowStep[Any], str]
    undone: Collection[WorkflowStep[Any]] = ()
    taken_back: Mapping[WorkflowStep[Any], TakenBack] = field(default_factory=dict)
    to: Callable[[HttpRequest, Any], str] | None = None

    @property
    def object_page(self) -> Callable[..., HttpResponseBase]:
        """The page of the object, for users who may see it."""
        return reads(*self.see)(lambda request, pk: self.show(request, self.find(pk)))

    def routes(self, below: str = "<int:pk>/") -> list[URLPattern]:
        return [
            path(f"{below}{step.name}/", self._view(step), name=f"{self.page}-{step.name}")
            for step in self.done
        ]

    def context(self, request: HttpRequest, obj: Any, refusals: Sequence[str]) -> dict[str, Any]:
        """The offered steps (`steps` by name, for web/step.html), why the others are not offered, refusals and
        results."""
        following = [step for step in self.done if step.follows(obj, now())]
        why_not = {step.name: step.why_not(obj, request.user) for step in following}
        if "" in why_not.values() and not may_write(obj):
            why_not |= {name: OUTSIDE for name, reason in why_not.items() if not reason}
        return {
            "steps": {
                step.name: self._offer(request, obj, step) for step in following if not why_not[step.name]
            },
            "why_not": sorted({reason for reason in why_not.values() if reason}),
            "subject": str(obj),
            "approval_flags": flag_words(flags_on(obj)),
            "refusals": refusals,
            "history": history_of(obj, limit=20).rows,
        }

    def _offer(self, request: HttpRequest, obj: Any, step: WorkflowStep[Any]) -> dict[str, Any]:
        """`written` is what was said with the step just now, where it was refused."""
        url = reverse(f"{self.page}-{step.name}", args=[obj.pk])
        written = request.POST.get(step.words, "") if request.path == url else ""
        return {"step": step, "url": url, "written": written}

    def _view(self, step: WorkflowStep[Any]) -> Callable[..., HttpResponseBase]:
        @require_POST
        @require_all(*self.see)
        @never_cache
        def view(request: HttpRequest, pk: int) -> HttpResponseBase:
            require(request.user, *step.any_of)
            note(request, filter(request.user.has_perm, step.any_of))
            obj = self.find(pk)
            values = {name: request.POST.get(name, "") for name in (step.words, *step.fields) if name}
            try:
                result = step(obj, by=request.user, now=now(), **values)
            except ValidationError as error:
                return self.show(request, self.find(pk), refusals=error.messages, status=422)
            except NotInState as error:
                return self.show(request, self.find(pk), refusals=[str(error)], status=409)
            self._tell(request, step, obj)
            page = self.to(request, obj) if self.to else reverse(self.page, args=[pk])
            return HttpResponseRedirect(page if result.pk else page_above(page))

        view.step = step  # type: ignore[attr-defined]
        return view

    def _tell(self, request: HttpRequest, step: WorkflowStep[Any], obj: Any) -> None:
        text, back = self.done[step].format(obj), self.taken_back.get(step)
        if step in self.undone:
            undo.offer(request, text, type(obj), restoring.CHANGED)
        elif back is None:
            messages.success(request, text)
        else:
            self.offer_back(request, text, obj.pk, back)

    def offer_back(self, request: HttpRequest, text: str, pk: int, back: TakenBack) -> None:
        """Show a message with a button that takes the later step."""
        fields = {back.step.words: back.words} if back.step.words else {}
        url = reverse(f"{self.page}-{back.step.name}", args=[pk])
        undo.offer_step(request, text, url, label=back.label, **fields)


type Tell = Callable[[HttpRequest, str, Any], None]
"""`tell(request, text, result)` shows the message after a form, where that offers to take back what was written."""


def tell_restorable(model: type[Model], action: str) -> Tell:
    """Offer to take back what the form wrote, as `web/history/restoring.py` says for this model."""
    return lambda request, text, result: undo.offer(request, text, model, action)


def _tell(request: HttpRequest, text: str, _result: Any) -> None:
    messages.success(request, text)


def saved(
    request: HttpRequest, form: RefusedForm, act: Callable[[], Any], done: str, *, tell: Tell = _tell
) -> Any:
    """The result of `act` if the form was sent and accepted; None while the form is to be shown."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        result = act()
    except ValidationError as error:
        form.refused(error)
    except NotInState as error:
        form.add_error(None, str(error))
    else:
        tell(request, done.format(result), result)
        return result
    return None


def form_page(
    request: HttpRequest,
    form: RefusedForm,
    act: Callable[[], Any],
    *,
    heading: str,
    done: str,
    back: str,
    breadcrumbs: Sequence[Mapping[str, str]],
    to: Callable[[Any], str] | None = None,
) -> HttpResponse:
    """A page with one form. Afterwards it leads to `to` of the result, else to `back`."""
    result = saved(request, form, act, done)
    if result is not None:
        return HttpResponseRedirect(to(result) if to else back)
    context = {
        "form": form,
        "heading": heading,
        "submit": heading,
        "cancel_url": back,
        "breadcrumbs": breadcrumbs,
    }
    return render(request, "web/form_page.html", context, status=422 if form.errors else 200)


def reader(request: HttpRequest) -> User:
    return cast(User, request.user)

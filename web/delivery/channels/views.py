"""Pages of channels: one's own, and shared ones."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from web import tables
from web.clock import now
from web.confirming import confirmed
from web.delivery.channels import operations, verification
from web.delivery.channels.entries import offered_kinds
from web.delivery.channels.forms import ChannelForm, initial
from web.delivery.channels.queries import (
    channel_state,
    channels_of,
    may_change,
    scope_of,
    seen_address,
    takes_code,
)
from web.delivery.channels.tables import CHANNELS
from web.delivery.models import Attempt, Channel, ChannelKind
from web.links import crumbs, link
from web.permissions import asks, reads, signed_in
from web.reports import Report, choices
from web.requests import UserRequest
from web.settings_sections import settings_tabs
from web.tables import TablePage
from web.workflows import NotInState
from web.workflows.pages import saved

LIST = Report("web/channels/list.html")


@LIST.page
def listed(request: HttpRequest) -> tuple[TablePage, Any]:
    page = tables.page(request, CHANNELS, channels_of(request.user))  # type: ignore[arg-type]
    return page, lambda: {"tabs": settings_tabs(request, "channels")}  # type: ignore[arg-type]


@reads()
def detail(request: UserRequest, pk: int) -> HttpResponse:
    return _detail(request, _channel(request, pk))


@sensitive_post_parameters()
@asks()
@confirmed
def add(request: UserRequest) -> HttpResponse:
    kind = _kind(request.GET.get("kind", ChannelKind.MAIL))
    form = ChannelForm(request.POST or None, kind=kind, by=request.user)
    result = saved(
        request,
        form,
        lambda: operations.add_channel(kind=kind, **form.arguments(), by=request.user, now=now()),
        "The channel is added. Confirm it, so that messages leave.",
    )
    if result is None:
        kinds = choices(
            [(each.value, each.label) for each in offered_kinds()],
            kind,
            lambda each: link("channel-add", kind=each),
        )
        context = {"form": form, "kinds": kinds, "kind": kind, "breadcrumbs": _crumbs("Add channel")}
        return render(request, "web/channels/add.html", context, status=422 if form.errors else 200)
    channel, signing_secret = result
    if signing_secret:
        # It is shown once, and so not behind a redirect.
        return _detail(request, channel, signing_secret=signing_secret)
    return redirect("channel-detail", pk=channel.pk)


@sensitive_post_parameters()
@asks()
@confirmed
def edit(request: UserRequest, pk: int) -> HttpResponse:
    channel = _channel(request, pk)
    operations.refuse_others(channel, request.user)
    kind = ChannelKind(channel.kind)
    form = ChannelForm(
        request.POST or None, kind=kind, by=request.user, channel=channel, initial=initial(channel)
    )
    result = saved(
        request,
        form,
        lambda: operations.change_channel(channel, **form.arguments(), by=request.user, now=now()),
        "{} is saved.",
    )
    if result is not None:
        return redirect("channel-detail", pk=pk)
    context = {
        "form": form,
        "heading": f"Edit {channel}",
        "cancel_url": reverse("channel-detail", args=[pk]),
        "breadcrumbs": _crumbs("Edit", channel),
    }
    return render(request, "web/form_page.html", context, status=422 if form.errors else 200)


type Act = Callable[[UserRequest, Channel], HttpResponse | None]


def _probe(request: UserRequest, channel: Channel) -> None:
    answer = verification.probe(channel, by=request.user, now=now())
    if answer.outcome != Attempt.Outcome.TAKEN:
        messages.error(request, f"It did not arrive: {answer.text}")
    elif takes_code(channel):
        messages.success(request, "The code is on its way. Enter it here within 15 minutes.")
    else:
        messages.success(request, f"{channel} is confirmed: the system there took a test.")


def _confirm(request: UserRequest, channel: Channel) -> None:
    if verification.confirm(channel, request.POST.get("code", ""), by=request.user, now=now()):
        messages.success(request, f"{channel} is confirmed.")
    else:
        messages.error(request, "This is not the code that was sent.")


def _test(request: UserRequest, channel: Channel) -> None:
    verification.send_test(channel, by=request.user, now=now())
    messages.success(request, "A test is on its way.")


def _rotate(request: UserRequest, channel: Channel) -> HttpResponse:
    plain = operations.rotate_secret(channel, by=request.user, now=now())
    return _detail(request, _channel(request, channel.pk), signing_secret=plain)


def _finish(request: UserRequest, channel: Channel) -> None:
    operations.finish_rotation(channel, by=request.user, now=now())
    messages.success(request, "Only the new secret signs from now on.")


def _disable(request: UserRequest, channel: Channel) -> None:
    reason = request.POST.get("reason", "").strip() or "Disabled on its page"
    operations.disable_channel(channel, reason=reason, by=request.user, now=now())
    messages.success(request, f"{channel} is disabled: nothing is sent there.")


def _enable(request: UserRequest, channel: Channel) -> None:
    operations.enable_channel(channel, by=request.user, now=now())
    messages.success(request, f"{channel} is enabled.")


def _delete(request: UserRequest, channel: Channel) -> HttpResponse:
    operations.delete_channel(channel, by=request.user, now=now())
    messages.success(request, f"{channel} is deleted.")
    return redirect("channels")


ACTS: Mapping[str, Act] = {
    "probe": _probe,
    "confirm": _confirm,
    "test": _test,
    "rotate": _rotate,
    "finish-rotation": _finish,
    "disable": _disable,
    "enable": _enable,
    "delete": _delete,
}


def acts() -> list[URLPattern]:
    return [
        path(f"settings/channels/<int:pk>/{name}/", _view(act), name=f"channel-{name}")
        for name, act in ACTS.items()
    ]


def _view(act: Act) -> Callable[..., HttpResponseBase]:
    def view(request: UserRequest, pk: int) -> HttpResponse:
        channel = _channel(request, pk)
        try:
            answer = act(request, channel)
        except NotInState as error:
            return _detail(request, _channel(request, pk), refusals=[str(error)], status=409)
        except ValidationError as error:
            return _detail(request, _channel(request, pk), refusals=error.messages, status=422)
        return answer or redirect("channel-detail", pk=pk)

    # Whoever reads, or is not signed in, is led on before anybody asks who they are.
    checked = confirmed(view) if act is _rotate else view
    return sensitive_post_parameters()(require_POST(never_cache(signed_in(checked))))


def _channel(request: UserRequest, pk: int) -> Channel:
    return get_object_or_404(channels_of(request.user), pk=pk)


def _kind(value: str) -> ChannelKind:
    if value not in offered_kinds():
        raise BadRequest(f"There is no kind of channel {value[:40]!r}.")
    return ChannelKind(value)


def _crumbs(label: str, *channels: Channel) -> list[dict[str, str]]:
    above = [(str(each), reverse("channel-detail", args=[each.pk])) for each in channels]
    return crumbs(label, ("Channels", "channels"), *above)


def _detail(request: UserRequest, channel: Channel, *, status: int = 200, **context: Any) -> HttpResponse:
    state = channel_state(channel)
    values = {
        "channel": channel,
        "state": state,
        "address": seen_address(channel),
        "scope": scope_of(channel),
        "may_change": may_change(channel, request.user),
        "takes_code": takes_code(channel),
        "code_waits": channel.code_digest is not None,
        "breadcrumbs": _crumbs(str(channel)),
    }
    return render(request, "web/channels/detail.html", values | context, status=status)

"""Deliveries: the list, one with every attempt, the mailbox, and how to send again."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from web import clock, links
from web import tables as table_kit
from web.delivery import operations, queries, tables
from web.delivery.forms import ReplayForm
from web.delivery.models import ChannelKind, Message
from web.outside import may_offer, refuse_outside
from web.permissions import require
from web.reports import Report
from web.requests import UserRequest
from web.tables import TablePage
from web.units import how_many

DELIVERIES = Report("web/deliveries/list.html", "web.view_message")
DELIVERY = Report("web/deliveries/detail.html", "web.view_message")
MAILBOX = Report("web/deliveries/mailbox.html", "web.view_message")
_may_replay = require(*operations.MAY_REPLAY)


@DELIVERIES.page
def delivery_list(request: UserRequest) -> tuple[TablePage, Any]:
    listed = table_kit.page(request, tables.DELIVERIES, queries.messages(request.user))
    return listed, lambda: {
        "counts": queries.counts(request.user, now=clock.now()),
        "may_replay": request.user.has_perms(operations.MAY_REPLAY),
    }


@MAILBOX.page
def mailbox(request: UserRequest) -> tuple[TablePage, Any]:
    rows = queries.messages(request.user).filter(channel__kind=ChannelKind.MAILBOX)
    return table_kit.page(request, tables.MAILBOX, rows), dict


@DELIVERY.page
def delivery(request: UserRequest, pk: int) -> tuple[None, Any]:
    message = get_object_or_404(queries.messages(request.user), pk=pk)
    return None, lambda: {
        "message": message,
        "attempts": message.tries.all(),
        "is_sending": message.leased_until is not None and message.leased_until > clock.now(),
        "may_replay": may_offer(request.user, "web.replay_message", message),
        "api_url": links.api_url(message),
    }


@require_POST
@_may_replay
def replay(request: UserRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(queries.messages(request.user), pk=pk)
    refuse_outside(message, *operations.MAY_REPLAY)
    if operations.replay(Message.objects.filter(pk=pk), by=request.user, now=clock.now()):
        messages.success(request, "The message is sent again.")
    else:
        messages.warning(request, "The message is being sent at this moment.")
    return redirect("delivery", pk)


@never_cache
@require_http_methods(["GET", "POST"])
@_may_replay
def replay_range(request: UserRequest) -> HttpResponse:
    now = clock.now()
    initial = {"start": now - timedelta(hours=1), "end": now + timedelta(minutes=1)}
    form = ReplayForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        rows = queries.ended_messages(request.user, **form.cleaned_data)
        count = operations.replay(rows, by=request.user, now=now)
        messages.success(request, f"{how_many(count, 'message is', 'messages are')} sent again.")
        return redirect("deliveries")
    return render(request, "web/deliveries/replay.html", {"form": form}, status=422 if form.errors else 200)

"""Every question a reader can ask: addresses found by following links, and what lists can be asked besides."""

import html
import re
from functools import cache
from itertools import cycle
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db import connection, transaction
from django.urls import Resolver404, resolve

LINK = re.compile(r'(?:href|hx-get|data-src|data-url|action)="(/[^"#]*)')
IN_JSON = re.compile(r'"(?:url|display_url|next)":\s*"https?://[^/"]+(/[^"]*)"')
COLUMNS = re.compile(r'name="cols"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="cols"')
# Not about this installation's data, or no page: files of the design, the way out.
ELSEWHERE = ("/static/", "/logout/", "/api/docs/", "/api/schema/", "/health/", "/metrics")
DIFFERS_EACH_TIME = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": ?"[^"]*"|X-CSRFToken&quot;: ?&quot;[^&]*&quot;'
    r"|nonce=\"[^\"]*\"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    # The secret of a new authenticator app.
    r'|name="secret" value="[^"]*"|src="data:image/svg\+xml[^"]*"|<code>[A-Z2-7]{32}</code>'
)


# Columns in which somebody may stand; in the order of others no name shows.
OF_PEOPLE = re.compile(r"by|who|owner|user|person|requester|approver|assigned|group")


def ask(client, address, method="get", **given):
    """Return the status, the redirect and the body without its ever-changing parts; roll back all writes."""
    before = transaction.savepoint_create()
    try:
        answer = getattr(client, method)(address, **given)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    finally:
        connection.set_rollback(False)
        transaction.savepoint_rollback(before)
    text = DIFFERS_EACH_TIME.sub("", content.decode("utf-8", "replace"))
    return answer.status_code, answer.headers.get("Location", ""), text


@cache
def route_of(path):
    """Each page links to the same hundred others."""
    try:
        return resolve(path).route
    except Resolver404:
        return None


def kind_of(address):
    """Addresses of one kind lead to the same page in the same form, whichever object it is about."""
    parts = urlsplit(address)
    route = route_of(parts.path)
    if route is None:
        return None
    asked = dict(parse_qsl(parts.query))
    sort = asked.get("sort", "").removeprefix("-")
    sort = sort if OF_PEOPLE.search(sort) else ""
    return route, sort, asked.get("by"), asked.get("export"), "cols" in asked


def found_by(client, starts):
    """Answers by address, of one of each kind that leads on from `starts`; lists in all columns, and as a file.

    Both forms of files are written from the same rows, so every other list is asked for the other one.
    """
    waiting, kinds, told, forms = list(starts), set(), {}, cycle(("csv", "json"))
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind is None or kind in kinds or address.startswith(ELSEWHERE):
            continue
        kinds.add(kind)
        status, _where, text = told[address] = ask(client, address)
        if status != 200:
            continue
        waiting += [html.unescape(link) for link in LINK.findall(text)]
        waiting += IN_JSON.findall(text)
        columns = sorted({one or other for one, other in COLUMNS.findall(text)})
        if columns and "cols=" not in address:
            for more in ({}, {"export": next(forms)}):
                waiting.append(f"{urlsplit(address).path}?{urlencode({'cols': ','.join(columns)} | more)}")
    return told

"""Pages of group rules: those of their kind, behind a fresh proof of who writes, and what some groups would get."""

import re
from collections.abc import Iterator

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern

from accounts import sign_on
from web.accounts.kinds import GROUP_RULE
from web.confirming import confirmed
from web.kinds.addresses import addresses
from web.permissions import reads
from web.requests import UserRequest
from web.scopes import scope_text

READ = {GROUP_RULE.url_name("list"), GROUP_RULE.url_name("detail")}


def pages() -> Iterator[URLPattern]:
    for pattern in addresses(GROUP_RULE):
        if pattern.name not in READ:
            pattern.callback = confirmed(pattern.callback)
        yield pattern


@reads("accounts.view_grouprule")
def try_groups(request: UserRequest) -> HttpResponse:
    """Say what a member of these groups would get at the next sign-in. Writes nothing."""
    text = request.GET.get("groups", "")
    groups = [name.strip() for name in re.split(r"[,\n]", text) if name.strip()]
    access = sign_on.present_access(groups) if groups else None
    context = {
        "text": text,
        "groups": groups,
        "access": access,
        "sites": scope_text(access.scopes) if access else "",
        "breadcrumbs": GROUP_RULE.breadcrumbs(("Try groups", "")),
    }
    return render(request, "accounts/group_rules_try.html", context)

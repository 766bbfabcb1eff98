"""The page of what was found, grouped by what it is."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from web.permissions import signed_in
from web.requests import UserRequest
from web.search.registry import Provider, providers, search
from web.search.wanted import SearchQuery, read


@signed_in
def search_page(request: UserRequest) -> HttpResponse:
    wanted = read(request.GET.get("q", ""))
    served = providers(request.user)
    known = not wanted.scope or wanted.scope in {each.name for each in served}
    groups = search(wanted.text, user=request.user, scope=wanted.scope) if known else []
    return render(
        request,
        "web/search.html",
        {
            "wanted": wanted,
            "known_scope": known,
            "groups": [
                {"group": group, "url": _address(wanted.text, group.provider.name)} for group in groups
            ],
            "tabs": _scopes(wanted, served),
            "everywhere_url": _address(wanted.text),
            "total": sum(len(group.hits) for group in groups),
            "search_query": f"in:{wanted.scope} {wanted.text}".strip() if wanted.scope else wanted.text,
        },
    )


def _scopes(wanted: SearchQuery, served: list[Provider]) -> list[dict[str, Any]]:
    everywhere = {"label": _("Everything"), "url": _address(wanted.text), "current": not wanted.scope}
    return [
        everywhere,
        *(
            {
                "label": each.label,
                "url": _address(wanted.text, each.name),
                "current": each.name == wanted.scope,
            }
            for each in served
        ),
    ]


def _address(text: str, scope: str = "") -> str:
    typed = f"in:{scope} {text}".strip() if scope else text
    return f"{reverse('search')}?{urlencode({'q': typed})}"

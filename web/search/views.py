"""The page of what was found, grouped by what it is."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from web.permissions import signed_in
from web.requests import UserRequest
from web.search.params import SearchQuery, read
from web.search.registry import Provider, providers, search


@signed_in
def search_page(request: UserRequest) -> HttpResponse:
    query = read(request.GET.get("q", ""))
    served = providers(request.user)
    known = not query.scope or query.scope in {each.name for each in served}
    groups = search(query.text, user=request.user, scope=query.scope) if known else []
    return render(
        request,
        "web/search.html",
        {
            "query": query,
            "known_scope": known,
            "groups": [
                {"group": group, "url": _address(query.text, group.provider.name)} for group in groups
            ],
            "tabs": _scopes(query, served),
            "everywhere_url": _address(query.text),
            "total": sum(len(group.hits) for group in groups),
            "search_query": f"in:{query.scope} {query.text}".strip() if query.scope else query.text,
        },
    )


def _scopes(query: SearchQuery, served: list[Provider]) -> list[dict[str, Any]]:
    everywhere = {"label": "Everything", "url": _address(query.text), "current": not query.scope}
    return [
        everywhere,
        *(
            {
                "label": each.label,
                "url": _address(query.text, each.name),
                "current": each.name == query.scope,
            }
            for each in served
        ),
    ]


def _address(text: str, scope: str = "") -> str:
    typed = f"in:{scope} {text}".strip() if scope else text
    return f"{reverse('search')}?{urlencode({'q': typed})}"

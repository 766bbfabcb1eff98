"""Help: guides, the glossary, the tour."""

import re

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from web.help.documents import PICTURES, document
from web.help.guides import GUIDES, guide_of, guides
from web.help.tour import PARAMETER, STEPS, step_of
from web.help.words import words
from web.permissions import signed_in
from web.requests import UserRequest

_WEEK_S = 7 * 86_400


@signed_in
@require_GET
def help_page(request: UserRequest) -> HttpResponse:
    """All guides; that of the page which one comes from stands first."""
    page = request.GET.get("page", "")
    context = {
        "heading": "Help",
        "sub": "Guides, the words of Muster, and a tour",
        "guide_of_page": guide_of(page) if page else None,
        "guides": guides().values(),
        "has_tour": bool(STEPS),
    }
    return render(request, "web/help/help.html", context)


@signed_in
@require_GET
def guide_page(request: HttpRequest, guide: str) -> HttpResponse:
    if guide not in guides():
        raise Http404("There is no such guide.")
    return render(request, "web/help/document.html", {"document": document(GUIDES / f"{guide}.md")})


@signed_in
@require_GET
def glossary(request: HttpRequest) -> HttpResponse:
    return render(request, "web/help/glossary.html", {"heading": "Glossary", "words": words()})


@signed_in
@require_GET
def words_file(request: HttpRequest) -> JsonResponse:
    """The words, for a page that marks those it uses."""
    rows = [{"word": word.name, "slug": word.slug, "text": word.text} for word in words()]
    answer = JsonResponse(rows, safe=False)
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@signed_in
@require_GET
def picture_file(request: HttpRequest, picture: str) -> HttpResponse:
    path = PICTURES / picture
    if not re.fullmatch(r"[\w-]+\.webp", picture) or not path.is_file():
        raise Http404("There is no such picture.")
    headers = {"Cache-Control": f"private, max-age={_WEEK_S}"}
    return HttpResponse(path.read_bytes(), content_type="image/webp", headers=headers)


@signed_in
@require_GET
def tour(request: UserRequest, number: int) -> HttpResponse:
    """Lead to the page of a step; one that has none to show is passed over."""
    step = step_of(str(number))
    if step is None:
        raise Http404("The tour has no such step.")
    if address := step.address(request.user):
        return redirect(f"{address}{'&' if '?' in address else '?'}{PARAMETER}={number}")
    return redirect("help-tour", number + 1) if number < len(STEPS) else redirect("help")

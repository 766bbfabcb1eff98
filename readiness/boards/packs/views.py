"""The pack of a site as a printable page and as PDF."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import User
from inventory.models import Site
from readiness.boards.packs.document import Document, written
from readiness.boards.packs.queries import pack_of
from readiness.boards.site.views import site_or_404
from web.clock import now
from web.links import crumbs, link
from web.permissions import require

may_see = require(
    *("inventory.view_site", "scoring.view_checkresult", "grants.view_grant", "evidence.view_review"),
    *("golive.view_campaign", "evidence.view_validationrun"),
)


@may_see
@never_cache
@require_GET
def page(request: HttpRequest, slug: str) -> HttpResponse:
    site = site_or_404(slug)
    context = {
        "site": site,
        "document": _document(request, site),
        "breadcrumbs": crumbs("Site pack", ("Sites", "sites"), (site.name, link("site", slug))),
    }
    return render(request, "readiness/pack.html", context)


@may_see
@never_cache
@require_GET
def pdf(request: HttpRequest, slug: str) -> HttpResponse:
    # Import late: the library loads slowly, and few processes ever make a PDF.
    from readiness.boards.packs.pdf import pdf_of

    site = site_or_404(slug)
    response = HttpResponse(pdf_of(_document(request, site)), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{site.slug}-pack.pdf"'
    return response


def _document(request: HttpRequest, site: Site) -> Document:
    at = now()
    return written(pack_of(site, now=at), by=str(cast(User, request.user)), now=at)

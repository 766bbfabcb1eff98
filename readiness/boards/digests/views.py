"""One's own digest as it would leave now, of all sites or of one, as a page and as PDF."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from inventory.models import Site
from readiness.boards.digests.core import Cadence, period_until
from readiness.boards.digests.document import linked_from_outside, written
from readiness.boards.digests.due import gets
from readiness.boards.digests.queries import SEES_ALERTS, digest
from readiness.boards.packs.document import Document
from readiness.boards.params import site_named
from readiness.loop.alerts.models import AlertPreferences
from web.clock import now
from web.links import link
from web.reports import Report, choices
from web.timerange import BadParameter
from web.workflows.pages import reader

DIGESTS = Report("readiness/digests/page.html", "inventory.view_site", SEES_ALERTS)


@DIGESTS.page
def page(request: HttpRequest) -> tuple[None, Any]:
    cadence, site = _params(request)
    by = reader(request)

    def context() -> dict[str, Any]:
        place = {"site": site.slug} if site else {}
        preferences = AlertPreferences.objects.filter(user=by).first()
        return {
            "document": _document(request, cadence, site),
            "cadence": cadence,
            "cadences": choices(
                [(each.value, each.value.capitalize()) for each in Cadence],
                cadence,
                lambda value: link("digests", cadence=value, **place),
            ),
            "site": site,
            "sites": Site.objects.order_by("name", "pk").values_list("slug", "name"),
            "pdf_url": link("digest-pdf", cadence=cadence.value, **place),
            "is_sent": gets(by, cadence, preferences),
        }

    return None, context


@DIGESTS.reads
def pdf(request: HttpRequest) -> HttpResponse:
    # Import late: the library loads slowly, and few processes ever make a PDF.
    from readiness.boards.packs.pdf import pdf_of

    cadence, site = _params(request)
    document = linked_from_outside(_document(request, cadence, site))
    response = HttpResponse(pdf_of(document), content_type="application/pdf")
    name = f"{site.slug}-{cadence}" if site else str(cadence)
    response["Content-Disposition"] = f'attachment; filename="{name}-digest.pdf"'
    return response


def _params(request: HttpRequest) -> tuple[Cadence, Site | None]:
    """Raises BadParameter."""
    name = request.GET.get("cadence") or Cadence.DAILY
    if name not in list(Cadence):
        raise BadParameter("cadence", "is daily or weekly")
    return Cadence(name), site_named(request.GET.get("site", ""))


def _document(request: HttpRequest, cadence: Cadence, site: Site | None) -> Document:
    at, by = now(), reader(request)
    return written(digest(by, period_until(at, cadence, ZoneInfo(by.time_zone)), site))

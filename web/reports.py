"""Reports: pages that only read. A plain function answers the question of an address; a Report does the rest.

GAP = Report("readiness/gap.html", "inventory.view_site", "scoring.view_sitescore")

@GAP.page     # the table, and a function that gives the context around it
@GAP.chart    # a figure: JSON for the page, its table as CSV
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import conditional_page, require_GET

from web import answers, tables
from web.charts import Figure
from web.links import link
from web.permissions import require
from web.timerange import BadParameter

type Context = Callable[[], Mapping[str, Any]]
type View = Callable[..., HttpResponseBase]


class Report:
    """The required permissions, and the page's template. A wrong parameter is answered with 400."""

    def __init__(self, template: str, *permissions: str) -> None:
        self.template = template
        self.may_see = require(*permissions)

    def page(self, read: Callable[..., tuple[tables.TablePage | None, Context]]) -> View:
        """A request for the table or a file is answered without the rest of the page."""

        @wraps(read)
        def view(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            table, context = read(request, **arguments)
            if table is not None and tables.wants_table_only(request, table):
                return tables.respond(request, self.template, table)
            return answers.page(request, self.template, {"table": table, **context()})

        return self.reads(view)

    def chart(self, draw: Callable[..., Figure]) -> View:
        """`form` of the address is json or csv."""

        @wraps(draw)
        def view(request: HttpRequest, form: str, **arguments: Any) -> HttpResponseBase:
            return answers.chart(draw(request, **arguments), form)

        return self.reads(view)

    def reads(self, view: View) -> View:
        """A view that writes nothing, for users with the permissions; an unchanged answer is 304."""

        @wraps(view)
        def answered(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            try:
                return view(request, **arguments)
            except BadParameter as error:
                raise BadRequest(str(error)) from error

        return self.may_see(conditional_page(require_GET(answered)))


def chart_urls(name: str, *args: object, **query: object) -> dict[str, str]:
    """Addresses of a chart for web/chart_card.html: `url` of the figure, `csv` of its table."""
    return {"url": link(name, *args, "json", **query), "csv": link(name, *args, "csv", **query)}


def choices(
    options: Iterable[tuple[Any, Any]], current: Any, url: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Links for web/segments.html and web/chips.html, from (value, label); one of them is current."""
    return [
        {"label": label, "url": url(str(value)), "current": str(value) == str(current)}
        for value, label in options
    ]

"""Pages of versions: the list, one version, its file, and the forms of a draft's steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_GET, require_http_methods, require_POST

from web import answers
from web import tables as table_kit
from web.clock import now
from web.database_refusals import still_in_use
from web.outside import may_offer
from web.permissions import require
from web.rest.filters import ObjectFilterSet
from web.tables import Column, Table
from web.versioned.core.documents import DocumentError
from web.versioned.forms import DraftForm, ImportForm, StepForm
from web.versioned.models import DocumentVersion
from web.versioned.versions import VersionConflict, Versioned, exported
from web.workflows.pages import reader

type Trail = list[dict[str, str]]
type View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, eq=False)
class VersionPages:
    """Pages of one kind of documents.

    `names` begins the names of their addresses ("rule-pack-draft"); `listing` and `showing` name the list and the page
    of a version. `trail` is above them: label and address name. `content` is the context of a version's page, `listed`
    that of the list, `shared` that of all pages of the room.
    """

    versions: Versioned[Any, Any]
    names: str
    listing: str
    showing: str
    see: str
    table: Callable[[], Table]
    list_template: str
    page_template: str
    content: Callable[[HttpRequest, Any], Mapping[str, Any]]
    trail: tuple[tuple[str, str], ...]
    heading: str
    listed: Callable[[HttpRequest], Mapping[str, Any]] = lambda request: {}
    shared: Mapping[str, Any] = field(default_factory=dict)

    def urls(self) -> list[URLPattern]:
        return [
            path("", self.reading(self._list), name=self.listing),
            path("<int:pk>/", self.reading(self._show), name=self.showing),
            path("draft/", self.writing(self._draft, "add"), name=f"{self.names}-draft"),
            path(
                "<int:pk>/export/",
                self.allowed(never_cache(require_GET(self._export))),
                name=f"{self.names}-export",
            ),
            path("<int:pk>/import/", self.writing(self._import, "change"), name=f"{self.names}-import"),
            path("<int:pk>/discard/", self.deed(self._discard, "delete"), name=f"{self.names}-discard"),
        ]

    def allowed(self, view: View, *actions: str) -> View:
        return require(self.see, *(self.versions.permission(action) for action in actions))(view)

    def reading(self, view: View) -> View:
        return self.allowed(conditional_page(require_GET(view)))

    def writing(self, view: View, action: str) -> View:
        return self.allowed(never_cache(require_http_methods(["GET", "POST"])(view)), action)

    def deed(self, view: View, action: str, row_of: Callable[[int], Any] | None = None) -> View:
        """A POST view whose refusal is shown on the version's page; `row_of` finds the version by the key in the
        address."""
        find_row = row_of or self.row

        def checked(request: HttpRequest, pk: int) -> HttpResponseBase:
            try:
                return view(request, pk)
            except (VersionConflict, DocumentError) as error:
                return self.page(request, find_row(pk), refusals=[str(error)], status=409)
            except ProtectedError as error:
                return self.page(request, find_row(pk), refusals=[still_in_use(error)], status=409)
            except ValidationError as error:
                return self.page(request, find_row(pk), refusals=error.messages, status=422)

        return require_POST(self.allowed(never_cache(checked), action))

    def url(self, row: DocumentVersion) -> str:
        return reverse(self.showing, args=[row.pk])

    def row(self, pk: int) -> Any:
        return get_object_or_404(self.rows(), pk=min(pk, 2**63 - 1))

    def rows(self) -> Any:
        return self.versions.model.objects.select_people()  # type: ignore[attr-defined]

    def breadcrumbs(self, here: str, within: DocumentVersion | None = None) -> Trail:
        above = [{"label": label, "url": reverse(name)} for label, name in self.trail if label != here]
        if within is not None:
            above.append({"label": within.version, "url": self.url(within)})
        return [*above, {"label": here, "url": ""}]

    def page(
        self,
        request: HttpRequest,
        row: DocumentVersion,
        *,
        refusals: list[str] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "version": row,
            "refusals": refusals or [],
            "breadcrumbs": self.breadcrumbs(row.version),
            **self.offers(row, request),
            **self.content(request, row),
            **self.shared,
        }
        response = answers.page(request, self.page_template, context)
        response.status_code = status
        return response

    def offers(self, row: DocumentVersion, request: HttpRequest) -> dict[str, Any]:
        may = {each: may_offer(request.user, self.versions.permission(each)) for each in
               ("add", "change", "delete", "publish")}  # fmt: skip
        return {
            "may_edit": row.is_draft and may["change"],
            "may_discard": row.is_draft and may["delete"],
            "may_publish": row.is_draft and may["publish"],
            "may_draft": may["add"],
            "names": {each: f"{self.names}-{each}" for each in ("draft", "export", "import", "discard")}
            | {"page": self.showing},
        }

    def step(
        self, request: HttpRequest, row: Any, form: StepForm, heading: str, back: str = "", done: str = ""
    ) -> HttpResponse:
        """The form of one step, and the step.

        After a conflicting edit the form shows an error and keeps the input. `back` is the page with the form, by
        default the version's page; `done` is the page after the step.
        """
        back = back or self.url(row)
        if request.method == "GET" and not row.is_draft:
            return HttpResponseRedirect(back)
        status = self._taken(request, row, form) if request.method == "POST" else 200
        if status == 302:
            return HttpResponseRedirect(done or back)
        context = {
            "form": form,
            "version": row,
            "heading": heading,
            "cancel_url": back,
            "breadcrumbs": self.breadcrumbs(heading, row),
            **self.shared,
        }
        return render(request, "web/versioned/step.html", context, status=status)

    def _taken(self, request: HttpRequest, row: Any, form: StepForm) -> int:
        if not form.is_valid():
            return 422
        try:
            after = form.save(self.versions, row, by=reader(request), now=now())
        except DocumentError as error:
            form.refused(error)
            return 422
        except VersionConflict as error:
            form.add_error(None, str(error))
            return 409
        is_same = after.revision == row.revision
        messages.success(
            request, "Nothing was changed." if is_same else f"Saved as revision {after.revision}."
        )
        return 302

    def _list(self, request: HttpRequest) -> HttpResponseBase:
        table = table_kit.page(request, self.table(), self.rows())
        if table_kit.wants_table_only(request, table):
            return table_kit.respond(request, self.list_template, table)
        context = {
            "table": table,
            "in_force": self.versions.version_in_force(),
            "may_draft": may_offer(request.user, self.versions.permission("add")),
            "breadcrumbs": self.breadcrumbs(self.heading),
            **self.listed(request),
            **self.shared,
        }
        return answers.page(request, self.list_template, context)

    def _show(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(request, self.row(pk))

    def _draft(self, request: HttpRequest) -> HttpResponse:
        in_force = self.versions.version_in_force()
        begins = request.GET.get("from") or (in_force.pk if in_force else None)
        form = DraftForm(request.POST or None, initial={"made_from": begins}, versions=self.versions)
        if request.method == "POST" and form.is_valid():
            try:
                draft = self.versions.make_draft(**form.cleaned_data, by=reader(request), now=now())
            except ValidationError as error:
                form.refused(error)
            except DocumentError as error:
                form.add_error("made_from", str(error))
            else:
                messages.success(request, f"{draft.version} is a draft.")
                return HttpResponseRedirect(self.url(draft))
        context = {
            "form": form,
            "cancel_url": reverse(self.listing),
            "breadcrumbs": self.breadcrumbs("New draft"),
            **self.shared,
        }
        status = 422 if form.errors else 200
        return render(request, "web/versioned/draft.html", context, status=status)

    def _export(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = "zip" if request.GET.get("form") == "zip" else "yaml"
        return exported(self.versions, self.row(pk), form)

    def _import(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row(pk)
        form = ImportForm(request.POST or None, request.FILES or None, initial={"revision": row.revision})
        return self.step(request, row, form, "Import")

    def _discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row(pk)
        self.versions.discard(row, revision=_revision(request), by=reader(request))
        messages.success(request, f"The draft {row.version} is deleted.")
        return HttpResponseRedirect(reverse(self.listing))


def _revision(request: HttpRequest) -> int | None:
    """None if not sent; raises BadRequest for an invalid revision, which must not count as none."""
    sent = request.POST.get("revision", "")
    if sent and not (sent.isascii() and sent.isdecimal() and len(sent) < 10):
        raise BadRequest(f"revision: {sent[:20]!r} is not a revision.")
    return int(sent) if sent else None


def version_table(
    *own: Column, name: str, noun: tuple[str, str], filterset: type[ObjectFilterSet], **options: Any
) -> Table:
    return Table(
        id=name,
        noun=noun,
        filterset=filterset,
        columns=(
            Column("status", "Status", value=lambda row: row.status, sort="status", phone="status",
                   template="web/versioned/status_cell.html"),
            Column("version", "Version", sort="version", locked=True, phone="title",
                   template="web/versioned/version_cell.html"),
            *own,
            Column("made_from", "Made from", value="made_from.version", sort="made_from__version"),
            Column("by", "By", value=lambda row: row.person or "shipped with Muster",
                   hint="Who published it; of a draft, who edited it last"),
            Column("published_at", "Published", sort="published_at"),
            Column("edited_at", "Edited", sort="edited_at"),
            Column("created_at", "Made", sort="created_at", default=False),
            Column("revision", "Revision", numeric=True, default=False),
            Column("digest", "Digest", default=False),
        ),
        row_id="pk",
        row_name="version",
        empty={"title": f"No {noun[0]}", "text": "None matches these filters.", "icon": "versions"},
        **options,
    )  # fmt: skip

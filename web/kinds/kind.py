"""The declaration of a kind of object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import capfirst

from web import links
from web.outside import is_writable
from web.scopes import may_add
from web.tables import LISTS, Table


@dataclass(frozen=True)
class Related:
    """Objects of another model that refer to this one.

    `fields` are the references, any of which counts. `columns` of that model's list are shown, `fills` are initial
    values of the form for a new one, `parameter` limits the whole list to them, by default that of the
    single field. `only` leaves out past ones.
    """

    model: type[Model]
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    fills: str = ""
    parameter: str = ""
    only: Callable[[], Q] = Q

    def condition(self, obj: Model) -> Q:
        condition = Q()
        for name in self.fields:
            condition |= Q(**{name: obj})
        return condition & self.only()

    def query(self, obj: Model) -> str:
        """The parameters with which the whole list shows these objects; "" if no filter does."""
        name = self.parameter or (f"{self.fields[0]}_id" if len(self.fields) == 1 else "")
        return f"{name}={obj.pk}" if name else ""


@dataclass(frozen=True)
class Facts:
    """A card of facts: columns of the list, by key; by default all except the name."""

    title: str
    columns: tuple[str, ...] = ()


type Sentence = str | Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A form whose answer an operation takes: a button of the list, or, with `on_object`, of an object's page.

    `form` is made of data, files and `initial`; its `arguments` gives what `enter` takes beside `by`, `now` and
    the object; without a form it is posted at once. With `writes` it changes the object, not only what refers to it.
    `fills` are the fields that a link may fill in, `initial` those of the object. `when` says of the object and the
    user whether its page offers it; the operation refuses by itself. `heading` is told of the object, `done` and
    `after`, the next page, of what was entered; by default that is the object's page, or the list. `answer` is a page
    that shows at once what is shown only once, in place of both.
    """

    url_name: str
    permissions: tuple[str, ...]
    heading: Sentence
    enter: Callable[..., Any]
    address: str = ""
    done: Sentence = ""
    form: Callable[..., Any] | None = None
    after: Callable[[Any], str] | None = None
    answer: Callable[[HttpRequest, Any, Any], HttpResponse] | None = None
    on_object: bool = False
    writes: bool = True
    when: Callable[[Any, Any], bool] = lambda obj, user: True
    initial: Callable[[Any], Mapping[str, Any]] = lambda obj: {}
    fills: tuple[str, ...] = ()
    icon: str = "plus"
    hint: str = ""
    submit: str = ""  # what the button says
    template: str = "web/kinds/form.html"

    @property
    def path(self) -> str:
        """Its part of the address, by default the url name after its first dash."""
        return self.address or f"{self.url_name.partition('-')[2]}/"


# Kinds whose objects appear on pages of others.
KIND_OF: dict[type[Model], "Kind"] = {}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Say what differs between the pages of one model and of another.

    `rows` have joined in what list and page read, `prepare` reads what a page of rows needs together. `room` is the
    label and the url name of the page above the list, `address` the list's part of the address, `key` the attribute
    that an object has there; `names` are url names that are not made of the model's. `pages` are those that there are.
    Whoever comes needs the permissions `may` beside the model's own. `elsewhere` is the label of a link to an object's
    page in a room above.
    `overview` is the usual page of an object, whose head a room may fill. `template` is a page of its own for an
    object, with what `context` gives of it to a user; `tabs` are those of the list, by the url name of the present one,
    `links` further buttons: label, url name, icon. `then` says what follows
    a change, `notice` what every page has to say. `search_order` is its place among what search finds alike; None
    leaves to its list what has no name of its own and grows by the day. `within` says of a reference which paths
    tell objects of one name apart, and which columns of a file say so; by default those of its uniqueness.
    `aliases` are heads of columns in the files of others, each with the field and, where they have other words, a
    word for each of theirs.
    """

    model: type[Model]
    table: Table
    rows: Callable[[], QuerySet[Any]]
    room: tuple[str, str] | None
    hint: str | Callable[[], str] = ""
    icon: str = ""
    form: Any = None
    viewset: Any = None
    facts: Sequence[Facts] = (Facts("Facts"),)
    related: Sequence[Related] = ()
    above: Callable[[Any], Sequence[Model | None]] = lambda obj: ()
    address: str | None = None
    key: str = "pk"
    names: Mapping[str, str] = field(default_factory=dict)
    may: tuple[str, ...] = ()
    elsewhere: str = ""
    pages: tuple[str, ...] = ("list", "add", "detail", "edit", "delete", "bulk", "csv")
    entries: Sequence[Entry] = ()
    links: Sequence[tuple[str, str, str]] = ()
    title: str = ""
    template: str = ""
    overview: str = "web/kinds/detail.html"
    context: Callable[[Any, Any], dict[str, Any]] = lambda obj, user: {}
    tabs: Callable[[str], Sequence[Mapping[str, Any]]] = lambda current: ()
    prepare: Callable[[list[Any]], Sequence[Any]] | None = None
    then: str = ""
    notice: str = ""
    search_order: int | None = 30
    within: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        KIND_OF[self.model] = self
        if "list" in self.pages:
            LISTS[self.url_name("list")] = self.table

    @property
    def noun(self) -> str:
        """The kind in addresses: device-type."""
        return links.noun(self.model)

    @property
    def plural(self) -> str:
        return f"{self.noun}s" if self.address is None else self.address

    @property
    def label(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))

    @property
    def label_plural(self) -> str:
        return self.title or self.table.label

    def sentence(self) -> str:
        return self.hint if isinstance(self.hint, str) else self.hint()

    def permission(self, action: str) -> str:
        return f"{self.model._meta.app_label}.{action}_{self.model._meta.model_name}"

    def permissions(self, action: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.may, self.permission(action)]))

    def url_name(self, action: str) -> str:
        return self.names.get(action, f"{self.noun}-{action}")

    def url(self, action: str, obj: Model | None = None) -> str:
        return reverse(self.url_name(action), args=[] if obj is None else [getattr(obj, self.key)])

    def url_if(self, user: Any, action: str, obj: Model | None = None) -> str:
        """The address of a form if the user has the permissions, and the scope has the object as far as this was looked
        up (`web.outside.marked`); "" otherwise, and if there is no such page."""
        if action not in self.pages or not may_add(self.model) or not is_writable(obj):
            return ""
        needed = self.permission({"edit": "change", "bulk": "change", "csv": "add"}.get(action, action))
        return self.url(action, obj) if user.has_perm(needed) else ""

    def page_of(self, obj: Model) -> str:
        """The object's page, even if another room provides it; the list if there is none."""
        return self.url("detail", obj) if "detail" in {*self.pages, *self.names} else self.url("list")

    def breadcrumbs(self, *below: tuple[str, str]) -> list[dict[str, str]]:
        """The room, the list, and labels with their addresses; the last one, the page itself, has none."""
        room = [(self.room[0], reverse(self.room[1]))] if self.room else []
        steps = [*room, (self.label_plural, self.url("list")), *below]
        return [{"label": label, "url": url} for label, url in [*steps[:-1], (steps[-1][0], "")]]

"""Each form says in one place what is wrong with an empty answer, leads to the fields, and says what would be right."""

import re
from html.parser import HTMLParser

import pytest
from django.urls import resolve

from tests.web.routes.test_every_route import paths, reader_of

__all__ = ["paths", "reader_of"]
pytestmark = [pytest.mark.django_db, pytest.mark.full]
# Django's own, or those of no use to whoever reads them.
BLUNT = re.compile(
    "This field|valid (?:choice|date|value|number|integer)|Ensure this|Select a|Enter the (?:why|what|how|from|to)\\b"
)
MOST_IN_A_ROW = 12
# Asked of what is chosen in a list; without it there is nothing to fill in.
TYPED = {"text", "number", "email", "password", "file", "url", "checkbox", "radio", "search", "tel"}


class Forms(HTMLParser):
    """The forms of a page that are sent by POST: what each sends, and the controls by id; and its error summary."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.ids, self.summary, self.links, self.said = [], {}, None, [], ""
        self._groups, self._tables, self._in_summary, self._fieldset, self._in_form = 0, 0, 0, {}, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "input" and self._fieldset:
            given.setdefault("aria-describedby", self._fieldset.get("aria-describedby"))
        if "id" in given:
            self.ids[given["id"]] = given
        if tag == "form":
            self._groups, self._in_form = 0, True
            target = {name: given.get(name, "") for name in ("method", "action")}
            self.forms.append(target | {"sent": {}, "typed": [], "ungrouped": 0})
        self._tables += tag == "table"
        if tag == "div" and self._in_summary:
            self._in_summary += 1
        if tag == "fieldset" and given.get("class") != "group":
            self._fieldset = given
        # A card within a form is a group as well.
        self._groups += tag == "section" or (tag == "fieldset" and given.get("class") == "group")
        if "form-errors" in given.get("class", "").split() and "autofocus" in given:
            self.summary, self._in_summary = given, 1
        if tag == "a" and self._in_summary:
            self.links.append(given["href"][1:])
        if tag in {"input", "select", "textarea"} and self._in_form and given.get("name"):
            self._control(tag, given)

    def handle_endtag(self, tag):
        if tag == "fieldset" and self._fieldset:
            self._fieldset = {}
        elif tag in {"fieldset", "section"} and self._groups:
            self._groups -= 1
        self._tables -= tag == "table"
        self._in_form = self._in_form and tag != "form"
        if tag == "div" and self._in_summary:
            self._in_summary -= 1

    def handle_data(self, data):
        if self._in_summary:
            self.said += data

    def _control(self, tag, given):
        form = self.forms[-1]
        if given.get("type") == "hidden":
            form["sent"][given["name"]] = given.get("value", "")
        elif tag != "input" or given.get("type", "text") in TYPED:
            form["typed"].append(given)
            form["ungrouped"] += not self._groups and not self._tables


@pytest.fixture
def pages(reader_of, paths):
    """The pages with a form to fill in that is sent to an address of its own."""
    reader = reader_of("admin")
    bodies = {path: reader.ask(path)[1] for path in paths if not path.startswith("/api/")}
    texts = {path: body.decode(errors="replace") for path, body in bodies.items() if isinstance(body, bytes)}
    return {path: text for path, text in texts.items() if text.lstrip().startswith("<!")}


def to_fill_in(pages):
    for path, text in pages.items():
        for form in Forms(text).forms:
            if form["method"] == "post" and form["typed"]:
                yield path, form


def test_every_form_says_what_to_correct(pages, client_of):
    client = client_of("admin")
    wrong, answered = {}, set()
    for path, form in to_fill_in(pages):
        target = form["action"] if form["action"] not in {"", "?"} else path
        answer = client.post(target, form["sent"])
        if answer.status_code != 422 or "html" not in answer["Content-Type"]:
            continue
        shown = Forms(answer.text)
        if shown.summary is None:
            wrong[target] = "has no summary"
            continue
        answered.add(resolve(target.partition("?")[0]).route)
        if faults := [*faults_of(shown), *BLUNT.findall(shown.said)]:
            wrong[target] = faults
    assert wrong == {}
    assert len(answered) > 20


def faults_of(shown):
    """Yield what a reader who does not see the page would miss."""
    if shown.summary.get("tabindex") != "-1" or shown.summary.get("role") != "alert":
        yield "the summary takes no focus"
    for name in shown.links:
        control = shown.ids.get(name)
        if control is None:
            yield f"#{name} leads nowhere"
        elif control.get("aria-invalid") == "true" and not all(
            each in shown.ids for each in control.get("aria-describedby", "?").split()
        ):
            yield f"#{name} is not described"


def test_no_form_stacks_many_fields(pages):
    # Editing many rows at once offers what there is, one below the other; nothing of it has to be filled in.
    shown = ((path, form["ungrouped"]) for path, form in to_fill_in(pages) if "/bulk/" not in path)
    long = {path: fields for path, fields in shown if fields > MOST_IN_A_ROW}
    assert long == {}

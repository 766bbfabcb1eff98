"""The fields of a form as a browser has them, read from its page, and what to send of them."""

from html.parser import HTMLParser

from tests.visibility.mirror import SHIFT
from tests.visibility.scene import MARK

TEXTS = ("description", "note", "reason", "title", "name", "source", "contact", "text")


class FormFields(HTMLParser):
    """The fields of the form of a page that is sent to its own address: what they hold, and the choices of each."""

    def __init__(self, page, path):
        super().__init__()
        self.path, self.values, self.choices = path, {}, {}
        self._within, self._select, self._text = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name = given.get("name", "")
        if tag == "form":
            to = given.get("action") or ""
            self._within = given.get("method") == "post" and to.partition("?")[0] in {"", self.path}
        if not self._within:
            return
        if tag == "input" and name:
            self._take_input(name, given)
        elif tag == "select":
            self._select = name
            self.choices[name] = []
        elif tag == "option" and self._select:
            self.choices[self._select].append(given.get("value", ""))
            if "selected" in given:
                self.values[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._text = name
            self.values[name] = ""

    def _take_input(self, name, given):
        kind = given.get("type", "text")
        if kind in {"checkbox", "radio"}:
            self.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                self.values[name] = given.get("value", "on")
        elif kind != "file":
            usual = {"number": "1", "email": "a@example.org"}.get(kind, "As agreed")
            usual = "2026-12-31" if "data-day" in given else usual
            self.values[name] = given.get("value") or (usual if "required" in given else "")

    def handle_endtag(self, tag):
        self._within = self._within and tag != "form"
        self._select = "" if tag == "select" else self._select
        self._text = "" if tag == "textarea" else self._text

    def handle_data(self, data):
        if self._text:
            # A line break directly after the tag is not part of the text.
            text = data if self.values[self._text] else data.removeprefix("\n")
            self.values[self._text] += text

    def sent(self, is_outside):
        """The values, with each choice outside the scope, or inside, where there is such a one."""
        sent = dict(self.values)
        for name, values in self.choices.items():
            fitting = [each for each in values if each and is_of_other_fleet(each) == is_outside]
            if fitting and (is_of_other_fleet(sent.get(name, "")) != is_outside or not sent.get(name)):
                sent[name] = fitting[-1]
        text = next((name for name in TEXTS if sent.get(name)), None)
        return sent | ({text: f"{sent[text].strip()} again"[:60]} if text else {})


def is_of_other_fleet(value):
    return value.startswith(MARK) or (value.isdecimal() and int(value) >= SHIFT)

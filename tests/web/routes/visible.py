"""What a reader sees of a page: its text, without scripts and what is typed into fields."""

from html.parser import HTMLParser


class Visible(HTMLParser):
    """The pieces of text of a page; those that are set as code apart."""

    CODE = frozenset({"code", "pre", "kbd"})
    HIDDEN = frozenset({"script", "style", "textarea", "head", "template", "datalist"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.code: list[str] = []
        self._within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in self.HIDDEN | self.CODE:
            self._within.append(tag)

    def handle_endtag(self, tag):
        if self._within and tag == self._within[-1]:
            self._within.pop()

    def handle_data(self, data):
        if not data.strip() or self.HIDDEN.intersection(self._within):
            return
        (self.code if self._within else self.texts).append(" ".join(data.split()))

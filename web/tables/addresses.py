"""A table's part of the address: its parameters, and links that change them."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from django.http import HttpRequest

SEARCH, SORT, PAGE, SIZE, COLUMNS, EXPORT = "q", "sort", "page", "per", "cols", "export"
# The id of a requested view, and the id of the view behind an address, 0 for none.
VIEW, SAVED = "view", "saved"
SIZES = (25, 50, 100, 250)
EXPORTS = {"csv": "CSV", "json": "JSON", "jsonl": "JSON lines"}

type Pairs = list[tuple[str, str]]


class Address:
    """The parameters of a request, and addresses with some of them changed.

    `filters` are those that filter the list.
    """

    def __init__(self, request: HttpRequest, *, path: str, filters: Iterable[str]) -> None:
        self.path = path
        self.data = request.GET
        self.filters = frozenset(filters) - {SEARCH}
        self.pairs: Pairs = [
            (name, value) for name, values in request.GET.lists() for value in values if name != EXPORT
        ]

    def one(self, name: str) -> str:
        return next((value for each, value in reversed(self.pairs) if each == name), "")

    def many(self, name: str) -> list[str]:
        return [part for each, value in self.pairs if each == name for part in value.split(",") if part]

    def number(self, name: str) -> int:
        text = self.one(name)
        return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else 1

    def size(self, default: int) -> int:
        return self.number(SIZE) if self.number(SIZE) in SIZES else default

    @property
    def export(self) -> str:
        file_format = self.data.get(EXPORT, "")
        return file_format if file_format in EXPORTS else ""

    @property
    def applied(self) -> Pairs:
        return [(name, value) for name, value in self.pairs if name in self.filters and value != ""]

    @property
    def lasting_pairs(self) -> Pairs:
        return [(name, value) for name, value in self.pairs if name not in {*self.filters, SEARCH, PAGE}]

    def url(self, *, without: Sequence[str] = (), **changes: str | int) -> str:
        pairs = [(name, value) for name, value in self.pairs if name not in {*without, *changes}]
        return self._join([*pairs, *((name, str(value)) for name, value in changes.items())])

    def anew(self, **changes: str) -> str:
        return self.url(without=[PAGE], **changes)

    def removal_url(self, name: str, value: str) -> str:
        return self._join([pair for pair in self.pairs if pair != (name, value) and pair[0] != PAGE])

    def unfiltered(self) -> str:
        return self._join(self.lasting_pairs)

    def _join(self, pairs: Pairs) -> str:
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

"""Names of a person in free text: search terms, their hits as whole words, and the sentence around a hit.

Pure: no Django, no clock. A part of a name is replaced only if it can mean nobody and nothing else.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

SHORTEST_PART = 3
FEWEST_DIGITS = 6
"""Shorter numbers would be found in dates and figures. Operator-set default."""
SENTENCE = 160
"""Characters shown around a hit, at most."""
_COMMON = (
    "amber april art august baker banks best bill bishop black bridge brown carter case chance chase church clay"
    " cole cook cross dale dawn day dean drew ellis eve faith field fields fisher ford fox frank gates glen good grace"
    " grant gray green hall heath hill hope hunter iris ivy jack joy june king knight lake lane lee little long love"
    " mark marshal mason max may miles miller moss page parker pat penny pike pope port porter post potter power powers"
    " price reed rice rich rivers rob rose ruby rush rust sandy sharp short sky small stone storm sue summer test"
    " violet wade walker ward waters weaver west white will wind wood woods young"
)
COMMON_WORDS = frozenset(_COMMON.split())
"""Names that are English words as well. Our own list; a person who erases may choose to replace them all the same."""


SAME_NAME, SHARED_PART = "Another person has the same name.", "Another person has this name too."
OF_OTHERS = frozenset({SAME_NAME, SHARED_PART})


class TermKind(StrEnum):
    NAME = "name"
    PART = "part"
    EMAIL = "e-mail"
    PHONE = "phone"
    USERNAME = "user name"


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """`ambiguous` says why the term may mean somebody or something else, "" if it cannot."""

    kind: TermKind
    text: str
    ambiguous: str = ""

    @property
    def is_choosable(self) -> bool:
        """Whether a person may have it replaced all the same: it means nobody else."""
        return self.kind is TermKind.PART and bool(self.ambiguous) and self.ambiguous not in OF_OTHERS


@dataclass(frozen=True, slots=True)
class Called:
    """Everything that one person is called."""

    name: str
    emails: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()
    phone: str = ""


@dataclass(frozen=True, slots=True)
class NamesAround:
    """Whatever else could be meant: names of other people, words of their accounts, names of places, and words that the
    product itself uses. Words are casefolded."""

    other_names: frozenset[str] = frozenset()
    account_words: frozenset[str] = frozenset()
    place_words: frozenset[str] = frozenset()
    product_words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NameHit:
    start: int
    end: int


def words_of(text: str) -> list[str]:
    """The words of a name, casefolded. An underscore and a digit part words, as in user names."""
    return re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", text).casefold())


def terms_of(called: Called, around: NamesAround) -> list[SearchTerm]:
    """The terms of a person, the longest first, with the ambiguous ones among them."""
    name = " ".join(called.name.split())
    small_name = name.casefold()
    shared = SAME_NAME if small_name in _folded(around.other_names) else ""
    terms = [SearchTerm(TermKind.NAME, name, shared)]
    terms += [SearchTerm(TermKind.EMAIL, each) for each in dict.fromkeys(called.emails) if each]
    if sum(character.isdigit() for character in called.phone) >= FEWEST_DIGITS:
        terms.append(SearchTerm(TermKind.PHONE, called.phone))
    parts = dict.fromkeys(words_of(name))
    terms += [
        SearchTerm(TermKind.USERNAME, each, _why_no_user_name(each, parts, around))
        for each in dict.fromkeys(called.usernames)
        if each and each.casefold() != small_name
    ]
    if len(parts) > 1:
        terms += [SearchTerm(TermKind.PART, part.title(), _why_ambiguous(part, around)) for part in parts]
    return sorted(terms, key=lambda term: (-len(term.text), term.kind, term.text))


def _folded(names: Collection[str]) -> set[str]:
    return {" ".join(name.split()).casefold() for name in names}


def _why_ambiguous(part: str, around: NamesAround) -> str:
    if len(part) < SHORTEST_PART:
        return "It is too short to mean one person."
    if any(part in words_of(name) for name in around.other_names):
        return SHARED_PART
    if part in around.account_words:
        return "Another account is called so."
    if part in around.place_words:
        return "A place is called so."
    if part in around.product_words or part in COMMON_WORDS:
        return "It is a word as well."
    return ""


def _why_no_user_name(username: str, parts: Collection[str], around: NamesAround) -> str:
    """A user name such as "ops" is a word; one that holds a part of the name is not."""
    small_name = username.casefold()
    if any(len(part) >= SHORTEST_PART and part in small_name for part in parts) and small_name not in parts:
        return ""
    if re.search(r"[\W\d_]", small_name):
        return ""
    return "It is a word as well." if small_name not in parts else _why_ambiguous(small_name, around)


class Finder:
    """Finds terms as whole words, in whatever case, with or without accents, and spares longer names of others."""

    def __init__(self, terms: Sequence[SearchTerm], *, other_names: Collection[str] = ()) -> None:
        self.terms = tuple(terms)
        ways = [way for term in self.terms for way in _ways(term)]
        self._pattern = _whole_words(ways)
        touched = [name for name in other_names if self._pattern and self._pattern.search(name)]
        self._spared = _whole_words([_written(" ".join(name.split())) for name in touched])

    @property
    def is_empty(self) -> bool:
        return self._pattern is None

    @property
    def prefilter(self) -> str:
        """A regular expression of PostgreSQL that matches wherever there may be a hit; it folds ASCII letters only."""
        return "|".join(_coarse(term) for term in self.terms)

    def hits(self, text: str) -> list[NameHit]:
        if self._pattern is None:
            return []
        spared = [match.span() for match in self._spared.finditer(text)] if self._spared else []
        return [
            NameHit(*match.span())
            for match in self._pattern.finditer(text)
            if not any(start <= match.start() and match.end() <= end for start, end in spared)
        ]

    def replaced(self, text: str, pseudonym: str) -> str:
        pieces, end = [], 0
        for hit in self.hits(text):
            pieces += [text[end : hit.start], pseudonym]
            end = hit.end
        return "".join([*pieces, text[end:]]) if pieces else text

    def replaced_in(self, value: object, pseudonym: str) -> object:
        """The same for a JSON value: keys and texts, however deep."""
        if isinstance(value, str):
            return self.replaced(value, pseudonym)
        if isinstance(value, dict):
            return {
                self.replaced(key, pseudonym): self.replaced_in(each, pseudonym)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self.replaced_in(each, pseudonym) for each in value]
        return value


def texts_in(value: object) -> Iterator[str]:
    """All texts of a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from texts_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_in(each)


def sentence_around(text: str, hit: NameHit) -> tuple[str, str, str]:
    """The text before, in and after a hit, within its sentence."""
    before, after = text[: hit.start], text[hit.end :]
    begins = max((match.end() for match in re.finditer(r"[.!?\n]\s+|\n", before)), default=0)
    ending = re.search(r"[.!?](?=\s|$)|\n", after)
    before, after = before[begins:], after[: ending.end()] if ending else after
    if len(before) > SENTENCE // 2:
        before = f"…{before[-SENTENCE // 2 :]}"
    if len(after) > SENTENCE // 2:
        after = f"{after[: SENTENCE // 2]}…"
    return " ".join(before.split("\n")), text[hit.start : hit.end], after.strip("\n")


def _whole_words(ways: Sequence[str]) -> re.Pattern[str] | None:
    if not ways:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w)", re.IGNORECASE)


def _ways(term: SearchTerm) -> list[str]:
    """How a term is written: a name also as "Sousa, Ana" and without middle names, a number with any spaces."""
    if term.kind is TermKind.PHONE:
        return [_GAP.join(re.escape(each) for each in re.sub(r"[^\d+]", "", term.text))]
    words = term.text.split()
    if term.kind is not TermKind.NAME or len(words) < 2:
        return [_written(term.text)]
    first, *middle, last = words
    rest = _written(" ".join([first, *middle]))
    ways = [_written(term.text), rf"{_written(last)},?{_SPACE}{rest}"]
    return [*ways, _written(f"{first} {last}")] if middle else ways


_GAP = r"[\s().\-/]*"
_SPACE = r"(?:\s|\+|%20)+"
"""A space, also as the query of a saved view has it."""


@lru_cache(maxsize=4096)
def _written(text: str) -> str:
    return "".join(_character(each) for each in re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)))


def _character(character: str) -> str:
    """One character composed, decomposed, or without its accent."""
    if character == " ":
        return _SPACE
    if character.isascii():
        return re.escape(character)
    parts = unicodedata.normalize("NFD", character)
    ways = dict.fromkeys([re.escape(parts), re.escape(character), re.escape(parts[0])])
    return f"(?:{'|'.join(ways)})"


def _coarse(term: SearchTerm) -> str:
    """A name is looked for by its longest word, a number by its digits."""
    if term.kind is TermKind.PHONE:
        return "[^0-9]{0,3}".join(each for each in term.text if each.isdigit())
    longest = max(unicodedata.normalize("NFC", term.text).split(), key=len)
    return "".join(_coarse_character(each) for each in longest)


def _coarse_character(character: str) -> str:
    if not character.isascii():
        return ".{1,2}"
    return character if character.isalnum() else ".{1,2}"

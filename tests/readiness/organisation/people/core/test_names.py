"""Words of a free text that name one person, and nobody else."""

import re

import pytest

from readiness.organisation.people.core.names import (
    Called,
    Finder,
    NamesAround,
    SearchTerm,
    TermKind,
    sentence_around,
    terms_of,
)

ANA = Called("Ana Sousa", ("ana@example.com",), ("ana.sousa",), "+351 555 123")


def finder(called=ANA, **around):
    others = frozenset(around.get("other_names", ()))
    terms = terms_of(called, NamesAround(**{name: frozenset(each) for name, each in around.items()}))
    return Finder([term for term in terms if not term.ambiguous], other_names=others)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("Ask Ana Sousa first.", "Ask X first.", id="whole"),
        pytest.param("ask ANA  SOUSA", "ask X", id="case and spaces"),
        pytest.param("Sousa, Ana signed", "X signed", id="turned round"),
        pytest.param("mail ana@example.com now", "mail X now", id="e-mail"),
        pytest.param("call +351-555 123", "call X", id="phone"),
        pytest.param("by ana.sousa today", "by X today", id="user name"),
        pytest.param("Sousa's desk", "X's desk", id="part, possessive"),
        pytest.param("Anais Sousa-Lima", "Anais X-Lima", id="no part of a word"),
        pytest.param("Banana", "Banana", id="inside a word"),
    ],
)
def test_hits_are_whole_words_in_any_case(text, written):
    assert finder().replaced(text, "X") == written


def test_accents_are_written_composed_decomposed_or_left_out():
    mira = finder(Called("Mira Kovač"))
    for text in ("Mira Kovač", "Mira Kovac\N{COMBINING CARON}", "MIRA KOVAC"):
        assert mira.replaced(f"so {text} said", "X") == "so X said"
        assert re.search(mira.prefilter, text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("around", "left"),
    [
        pytest.param({"other_names": ["Ana Lima"]}, "Ana", id="another person has the first name"),
        pytest.param({"other_names": ["Bea Sousa-Lima"]}, "Sousa", id="a part of a longer name"),
        pytest.param({"account_words": ["ana"]}, "Ana", id="an account"),
        pytest.param({"place_words": ["sousa"]}, "Sousa", id="a place"),
        pytest.param({"product_words": ["ana"]}, "Ana", id="a word of the product"),
    ],
)
def test_an_ambiguous_part_stays_while_the_whole_name_goes(around, left):
    text = finder(**around).replaced(f"{left} and Ana Sousa", "X")
    assert text == f"{left} and X"


def test_a_longer_name_of_another_is_spared():
    found = finder(other_names=["Ana Sousa Lima"])
    assert found.replaced("Ana Sousa Lima met Ana Sousa", "X") == "Ana Sousa Lima met X"


def test_somebody_of_the_same_name_leaves_contacts_alone_to_be_replaced():
    found = finder(other_names=["ana sousa"])
    assert found.replaced("Ana Sousa, ana@example.com", "X") == "Ana Sousa, X"


@pytest.mark.parametrize("username", ["ops", "viewer"])
def test_a_user_name_that_is_a_word_is_ambiguous(username):
    terms = terms_of(Called("Ana Sousa", usernames=(username,)), NamesAround())
    [found] = [term for term in terms if term.kind is TermKind.USERNAME]
    assert found.ambiguous


def test_a_part_may_be_chosen_unless_it_means_another_person():
    word = SearchTerm(TermKind.PART, "Grace", "It is a word as well.")
    around = NamesAround(other_names=frozenset({"Grace Lima"}))
    shared = next(term for term in terms_of(Called("Grace Oyelaran"), around) if term.text == "Grace")
    assert (word.is_choosable, shared.is_choosable) == (True, False)


def test_json_is_rewritten_in_keys_and_values_however_deep():
    value = {"Ana Sousa": [{"note": "by Ana Sousa", "n": 1}], "x": None}
    assert finder().replaced_in(value, "X") == {"X": [{"note": "by X", "n": 1}], "x": None}


def test_a_hit_is_shown_in_its_sentence():
    text = "The pump runs. Ana Sousa mended it on Monday. Then it rained."
    [hit] = finder().hits(text)
    assert sentence_around(text, hit) == ("", "Ana Sousa", " mended it on Monday.")
    [hit] = finder().hits("x" * 500 + " Ana Sousa " + "y" * 500)
    before, _name, after = sentence_around("x" * 500 + " Ana Sousa " + "y" * 500, hit)
    assert (len(before), len(after)) == (81, 81)

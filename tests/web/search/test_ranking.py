"""The best match comes first. The database ranks rows, Python ranks the rest, and both rank alike."""

import pytest

from inventory.models import Site
from tests.inventory import made
from web.ranking import BEGINS, EXACT, MIDDLE, WORD, WORDS_ELSEWHERE, best, matching, rank_of

TITLE = "DSM-1 leaf03"
OTHERS = ("Des Moines", "infrastructure", "sn-77")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "rank"),
    [
        pytest.param("dsm-1 leaf03", EXACT, id="the whole name"),
        pytest.param("SN-77", EXACT, id="a whole code"),
        pytest.param("dsm", BEGINS, id="the beginning of the name"),
        pytest.param("leaf", WORD, id="a word of the name begins so"),
        pytest.param("moi", WORDS_ELSEWHERE, id="a word elsewhere begins so"),
        pytest.param("leaf moines", WORDS_ELSEWHERE, id="words of several texts"),
        pytest.param("struct", MIDDLE, id="in the middle of a word"),
        pytest.param("eaf", MIDDLE, id="in the middle of the name"),
        pytest.param("-1", MIDDLE, id="what begins no word"),
        pytest.param("1 dsm", WORDS_ELSEWHERE, id="words in another order"),
        pytest.param("dsm tokyo", None, id="one word in none"),
        pytest.param("100%", None, id="a wildcard is a letter"),
        pytest.param("(", None, id="a bracket is a letter"),
    ],
)
def test_rows_and_texts_are_ranked_alike(query, rank):
    made.site(name=TITLE, slug="sn-77", city=OTHERS[0], facility=OTHERS[1])
    part = matching("sites", Site.objects.all, query, title="name", others=("city", "facility", "slug"))
    assert [row.rank for row in best([part], query, limit=4)] == ([] if rank is None else [rank])
    assert rank_of(query, TITLE, OTHERS) == rank

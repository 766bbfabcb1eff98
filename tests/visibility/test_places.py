"""A site or region outside the scope of a reader answers as one that there is not, wherever an address names it."""

import re

import pytest

from inventory.models import Region, Site
from tests.visibility import mirror
from tests.visibility.asking import ELSEWHERE, ask
from tests.visibility.scene import MARK
from tests.visibility.test_scopes import add_other_fleet, limited
from tests.web.routes.test_every_route import paths

__all__ = ["limited", "paths"]
pytestmark = pytest.mark.django_db
ABSENT, NO_ID = f"{MARK}-nowhere", 7 * mirror.SHIFT
NAMED = {"site": Site, "region": Region, "home_site": Site, "home_region": Region}


def questions():
    """A parameter with a place of the other fleet, and the same with one that there is not."""
    for name, model in NAMED.items():
        place = mirror.copies(model).order_by("pk").first()
        yield f"{name}={place.slug}", f"{name}={ABSENT}"
        yield f"{name}_id={place.pk}", f"{name}_id={NO_ID}"


def names_of_places():
    """What the address named: a place of the other fleet, or the one that there is not."""
    hidden = {
        str(value) for model in (Site, Region) for row in mirror.copies(model) for value in (row.slug, row.pk)
    }
    return re.compile("|".join(sorted(map(re.escape, hidden | {ABSENT, str(NO_ID)}), key=len, reverse=True)))


def comparable(answer, names):
    status, where, text = answer
    # What a misspelt name may have meant is one that the reader sees.
    text = re.sub(r"; did you mean [\w-]+\?", ".", text)
    return status, names.sub("…", where), names.sub("…", text)


def compared(client, path, outside, absent, names):
    """Return whether the two addresses answer differently, and the status of the first."""
    first, second = (comparable(ask(client, f"{path}?{query}"), names) for query in (outside, absent))
    return first != second, first[0]


@pytest.mark.timeout(900)
@pytest.mark.full
def test_a_place_outside_the_scope_answers_as_one_that_is_not_there(limited, paths):
    client, _everywhere = limited("admin")
    add_other_fleet()
    asked = [path for path in paths if "?" not in path and not path.startswith(ELSEWHERE)][::4]
    pairs, names = list(questions()), names_of_places()
    told, differing = 0, []
    for number, path in enumerate(asked):
        # Others know no homes. One reader of parameters takes slugs and keys, so each address is asked for one of them.
        of_path = pairs if path.startswith("/people/") or "/api/people/" in path else pairs[:4]
        for outside, absent in of_path[number % 2 :: 2]:
            differs, status = compared(client, path, outside, absent, names)
            told += status == 200
            # A notice of the installation may come or go between two answers, though not twice.
            if differs and compared(client, path, outside, absent, names)[0]:
                differing.append(f"{path}?{outside}")
    assert differing == []
    assert told > 5

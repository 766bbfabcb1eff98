"""Short shifts within 14 days as problems: one for each domain of a site, by the clock and by what changes."""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.loop.problems.models import Problem, ProblemClaim, SiteProblems
from readiness.organisation.people.models import Skill
from readiness.organisation.people.operations import rotations
from tests.inventory import made as inventory
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.organisation.people import made
from tests.readiness.problems import write_problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@pytest.fixture
def cai():
    """The only secondary at Porto, who knows what is asked for until 14 December."""
    site = inventory.site(name="Porto", slug="porto")
    made.rule(made.skill(name="Power chain", domain="energy"), subject="site")
    rotation = made.rotation(site, domain="energy", name="Porto energy")
    ada, cai = made.person(name="Ada"), made.person(name="Cai")
    made.qualification(ada, Skill.objects.get())
    made.qualification(cai, Skill.objects.get(), valid_until=MONDAY + 3 * WEEK)
    made.layer(rotation, ada)
    made.layer(rotation, cai, level=2)
    rotations.write_claimed_shifts(now=NOW)
    write_problems()
    return cai


def short():
    return Problem.objects.filter(kind="shift")


def test_a_short_shift_is_a_problem_once_it_is_14_days_ahead(cai, client_of, frozen_now):
    assert not short().exists()
    due_at = MONDAY + 3 * WEEK - 14 * DAY
    assert SiteProblems.objects.get().changes_at <= due_at
    write_problems(now=due_at - timedelta(seconds=1))
    assert not short().exists()
    frozen_now.at = due_at + timedelta(seconds=1)
    write_problems(now=frozen_now.at)
    problem = short().get()
    assert (problem.key, problem.title, problem.state) == ("energy", "Energy: 1 shift is short", "warn")
    assert problem.detail == ("First from 14 Dec 2026 08:00 UTC; energy, secondary: Power chain, level 1")
    assert problem.value == "1 of 2 qualified"
    page = client_of("ops").get("/problems/")
    [row] = [each for each in page.context["table"].source.rows_between(0, 50) if each.kind == "shift"]
    assert row.url == "/people/oncall/ahead/?site=porto&domain=energy&standing=short"


def test_it_ends_as_somebody_qualifies_which_claims_the_site(cai):
    at = MONDAY + 2 * WEEK
    write_problems(now=at)
    assert short().get().title == "Energy: 1 shift is short"
    ProblemClaim.objects.all().delete()
    made.qualification(cai, Skill.objects.get(), shown_at=at)
    assert ProblemClaim.objects.exists()
    write_problems(now=at)
    assert short().get().ended_by == "shift"


def test_it_ends_with_a_shift_that_is_over(cai):
    made.override(cai.turns.get().layer.rotation, level=2, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    rotations.write_claimed_shifts(now=NOW)
    write_problems()
    assert short().get().value == "1 of 2 qualified"
    write_problems(now=NOW + 2 * DAY)
    assert not short().open().exists()

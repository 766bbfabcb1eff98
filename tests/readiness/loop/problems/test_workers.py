"""Two workers at once, and one that dies: each problem is open once, and no claim is lost."""

import pytest

from inventory.models import Site
from readiness.loop.problems import operations
from readiness.loop.problems.models import Problem, ProblemClaim
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import NOW
from tests.readiness.assessment.scoring.test_rescoring import at_once
from tests.readiness.boards.problems.scene import flapping_site

pytestmark = pytest.mark.django_db(transaction=True)


def write():
    return operations.write_claimed(now=NOW)


def test_claims_are_shared_out_and_each_problem_is_open_once():
    for number in range(6):
        stored.result(
            stored.site(name=f"Site {number}", slug=f"site-{number}", owner="Ops"),
            "p2-power-headroom",
            "fail",
        )
    flapping_site()
    at_once(write, write, write)
    write()
    assert not ProblemClaim.objects.exists()
    assert Problem.objects.open().count() == 6 + 5
    Site.objects.update(owner="")
    at_once(write, write)
    write()
    assert Problem.objects.open().filter(kind="ownership").count() == 7


def test_a_worker_that_dies_gives_its_claims_back(monkeypatch):
    flapping_site()
    claims = ProblemClaim.objects.count()

    def die(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(Problem.objects, "bulk_create", die)
        with pytest.raises(SystemExit):
            write()
    assert (ProblemClaim.objects.count(), Problem.objects.count()) == (claims, 0)
    write()
    assert Problem.objects.open().count() == 5

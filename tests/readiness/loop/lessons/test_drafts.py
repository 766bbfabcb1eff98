"""The draft of a lesson: one that is in force asks for nothing new, and what is there already needs none."""

import pytest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.framework.operations import make_draft, publish_draft
from readiness.loop.lessons.models import Lesson

pytestmark = pytest.mark.django_db
NEW = {"kind": "check", "pillar": "p2", "domain": "energy", "how_to": "Connect the sensors."}


@pytest.fixture
def draft(planner, frozen_now):
    in_force, _framework = framework_queries.current()
    return make_draft(made_from=in_force, by=planner, now=frozen_now.at)


def write(client, **columns):
    body = {"claim": "Batteries report their temperature", "why": "One grew hot.", **columns}
    return client.post("/api/loop/lessons/", body)


@pytest.mark.parametrize(
    "columns", [NEW, {"kind": "threshold", "check_id": "p2-backup-power"}], ids=["new check", "threshold"]
)
def test_a_draft_takes_a_lesson_until_it_is_published(columns, draft, manager, api_of, client_of, frozen_now):
    assert write(api_of("planner"), draft=draft.pk, **columns).status_code == 201
    draft.refresh_from_db()
    publish_draft(draft, digest=draft.digest, by=manager, now=frozen_now.at)
    refused = write(api_of("planner"), draft=draft.pk, **columns | {"claim": "Breakers are set"})
    assert refused.status_code == 400
    assert refused.json() == {
        "draft": [f"{draft.version} is no draft any more: choose another one, or none."]
    }
    form = {"claim": "Breakers are set", "why": "One was not.", "draft": draft.pk, **columns}
    page = client_of("planner").post("/lessons/add/", form)
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["draft"])
    assert Lesson.objects.count() == 1


def test_a_check_that_is_there_needs_no_draft(draft, api_of):
    refused = write(api_of("planner"), kind="present", check_id="p2-backup-power", draft=draft.pk)
    assert (refused.status_code, list(refused.json())) == (400, ["draft"])
    assert not Lesson.objects.exists()
    assert FrameworkVersion.objects.get(pk=draft.pk).is_draft

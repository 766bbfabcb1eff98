"""People who publish a standard or ask for a waiver at the same moment: one does it, the other is told."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction

from readiness.assessment.standards import operations
from readiness.assessment.standards.models import DeviationWaiver, StandardVersion
from tests.inventory import made
from tests.readiness.assessment.grants.test_races import at_once
from tests.readiness.assessment.standards.conftest import FIRMWARE, draft
from web.workflows import NotInState

pytestmark = pytest.mark.django_db(transaction=True)
PUBLISHED = StandardVersion.Status.PUBLISHED


def kinds_of(done):
    return sorted(type(each).__name__ for each in done)


def test_of_two_who_publish_after_one_preview_one_does(standard_of, manager, admin, frozen_now):
    standard = standard_of(FIRMWARE)
    by = {"by": manager, "now": frozen_now.at}
    first, second = (draft(standard, FIRMWARE, version=name, **by) for name in ("2", "3"))
    seen = standard.versions.get(status=PUBLISHED).pk
    publish = lambda version, user: operations.publish_version(  # noqa: E731
        version, replaces=seen, by=user, now=frozen_now.at
    )
    done = at_once(lambda: publish(first, manager), lambda: publish(second, admin))
    assert kinds_of(done) == ["NotInState", "StandardVersion"]
    [in_force] = standard.versions.filter(status=PUBLISHED)
    [refused] = [each for each in done if isinstance(each, NotInState)]
    assert str(refused) == f"{in_force} is in force by now. Look at the preview again before you publish."
    # Whoever looks again publishes the other one; and the same draft is published once.
    other = first if in_force == second else second
    again = lambda: operations.publish_version(other, by=admin, now=frozen_now.at)  # noqa: E731
    assert kinds_of(at_once(again, again)) == ["NotInState", "StandardVersion"]


def test_who_publishes_by_page_or_call_is_told_of_another_version(
    standard_of, manager, client_of, api_of, frozen_now
):
    standard = standard_of(FIRMWARE)
    by = {"by": manager, "now": frozen_now.at}
    version, newer = (draft(standard, FIRMWARE, version=name, **by) for name in ("2", "3"))
    client, address = client_of("manager"), f"/standards/versions/{version.pk}"
    page = client.get(f"{address}/preview/")
    seen = standard.versions.get(status=PUBLISHED).pk
    assert f'name="replaces" value="{seen}"' in page.text
    operations.publish_version(newer, **by)
    client.post(f"{address}/publish/", {"replaces": seen})
    version.refresh_from_db()
    assert version.is_draft
    call = f"/api/readiness/standard-versions/{version.pk}/publish/"
    answer = api_of("manager").post(call, {"replaces": seen})
    assert (answer.status_code, "Fabric 3 is in force by now" in answer.text) == (409, True)
    assert client.post(f"{address}/publish/", {"replaces": "x"}).status_code == 400
    assert api_of("manager").post(call, {"replaces": newer.pk}).json()["status"]["value"] == ("published")


@pytest.fixture
def ask(standard_of, frozen_now):
    standard, site = standard_of(FIRMWARE), made.site()

    def request(by, **columns):
        return operations.request_waiver(
            standard=standard, site=site, reason="Parts are late", ends_at=frozen_now.at + timedelta(days=9), by=by,
            now=frozen_now.at, **columns,
        )  # fmt: skip

    return request


def test_of_two_equal_requests_one_is_kept(ask, ops, planner):
    done = at_once(lambda: ask(ops), lambda: ask(planner))
    assert kinds_of(done) == ["DeviationWaiver", "ValidationError"]
    [refused] = [each for each in done if isinstance(each, ValidationError)]
    assert "is requested already, until" in refused.messages[0]
    # Another rule, and one device, are other waivers.
    ask(ops, rule=FIRMWARE["id"])
    ask(ops, device=made.device(site=DeviationWaiver.objects.first().site))
    assert DeviationWaiver.objects.count() == 3


def test_of_two_inserts_past_the_operations_one_is_kept(ask, ops):
    row = ask(ops)
    values = {
        each.attname: getattr(row, each.attname)
        for each in DeviationWaiver._meta.concrete_fields
        if not each.primary_key
    }
    with pytest.raises(IntegrityError, match="deviation_waiver_one_at_a_time"), transaction.atomic():
        DeviationWaiver.objects.create(**values)
    DeviationWaiver.objects.all().delete()
    insert = lambda: DeviationWaiver.objects.bulk_create([DeviationWaiver(**values)])  # noqa: E731
    done = at_once(insert, insert)
    assert DeviationWaiver.objects.count() == 1
    [refused] = [each for each in done if isinstance(each, Exception)]
    words = {IntegrityError: "deviation_waiver_one_at_a_time", OperationalError: "deadlock detected"}
    assert words[type(refused)] in str(refused)

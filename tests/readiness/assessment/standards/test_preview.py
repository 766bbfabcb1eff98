"""Publishing a version does exactly what its preview said, at any fleet and under any rules."""

from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from readiness.assessment.scoring import operations as scoring
from readiness.assessment.standards import operations
from readiness.assessment.standards.models import Conformance, Deviation, DeviationWaiver, Standard
from readiness.assessment.standards.preview import preview
from tests.conftest import NOW
from tests.inventory import made
from tests.readiness.assessment.standards.conftest import FIRMWARE, draft, publish
from web import yaml_documents

pytestmark = pytest.mark.django_db
VERSIONS = ("", "4.1", "4.2", "4.10")
rules = st.lists(
    st.fixed_dictionaries(
        {
            "reads": st.sampled_from(["firmware", "software"]),
            "values": st.sampled_from([["4.1"], ["4.2"]]),
            "operator": st.sampled_from(["at-least", "one-of"]),
            "roles": st.sampled_from([[], ["switch"], ["node"]]),
        }
    ),
    min_size=1,
    max_size=3,
)
objects = st.lists(
    st.tuples(st.sampled_from(["switch", "node"]), st.sampled_from(VERSIONS), st.sampled_from(VERSIONS)),
    min_size=1,
    max_size=6,
)


def documents(drawn):
    return [
        {"id": f"rule-{place}", "title": "Rule", "subject": "device", **each}
        for place, each in enumerate(drawn)
    ]


def foreseen(version, now):
    """(site, domain, objects, conforming, waived) and (site, rule, object, waived or not) after it is published."""
    changes = [each for each in preview(version, now=now) if each.becomes is not None]
    numbers = {(each.site_id, *domain) for each in changes for domain in each.becomes.domains}
    deviations = {
        (each.site_id, found.rule, found.object_id, found.waiver_id)
        for each in changes
        for found in each.becomes.deviations
    }
    return numbers, deviations, {each.site_id: (each.gained, each.lost) for each in changes}


# Shrinking would evaluate sites for minutes.
@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(first=rules, second=rules, one=objects, two=objects, is_waived=st.booleans(), in_region=st.booleans())
def test_publishing_does_what_the_preview_says(first, second, one, two, is_waived, in_region):
    by = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("root", password="x")
    other = User.objects.filter(username="other").first() or User.objects.create_user("other", password="x")
    standard = made_standard()
    deviating = Deviation.objects.filter(standard=standard)
    sites = [made.site(stage="production") for _ in range(2)]
    for site, drawn in zip(sites, (one, two), strict=True):
        for role, firmware, software in drawn:
            made.device(site=site, role=role, firmware_version=firmware, software_version=software)
    publish(standard, *documents(first), version="1", by=by, now=NOW)
    if is_waived:
        DeviationWaiver.objects.create(
            standard=standard, site=sites[0], reason="Late", state="approved", requested_by=other, requested_at=NOW,
            starts_at=NOW, ends_at=NOW + timedelta(days=9), approver=by, decided_at=NOW,
        )  # fmt: skip
    ids = [site.pk for site in sites]
    scoring.evaluate(site_ids=ids, now=NOW)
    before = {(each.site_id, each.rule, each.device_id) for each in deviating}

    region = sites[0].region if in_region else None
    version = draft(standard, *documents(second), version="2", by=by, now=NOW, region=region)
    numbers, deviations, moves = foreseen(version, NOW + timedelta(seconds=1))
    operations.publish_version(version, by=by, now=NOW + timedelta(seconds=1))
    scoring.evaluate(site_ids=ids, now=NOW + timedelta(seconds=1))

    present = Conformance.objects.filter(until_at=None, site_id__in=ids, standard=standard)
    columns = ("site_id", "domain", "objects_total", "conforming", "waived")
    assert set(present.values_list(*columns)) == {each for each in numbers if each[0] in ids}
    after = set(deviating.values_list("site_id", "rule", "device_id", "waiver_id"))
    assert after == {each for each in deviations if each[0] in ids}
    for site_id in ids:
        gained, lost = moves.get(site_id, ([], []))
        was = {each[1:3] for each in before if each[0] == site_id}
        becomes = {each[1:3] for each in after if each[0] == site_id}
        assert {(each.rule, each.object_id) for each in gained} == becomes - was
        if site_id in moves:
            assert {(each.rule, each.object_id) for each in lost} == was - becomes


def made_standard():
    number = made.next_number()
    return Standard.objects.create(name=f"Standard {number}", slug=f"standard-{number}", kind="baseline")


def test_a_draft_is_changed_by_page_and_by_call(standard_of, manager, client_of, api_of, frozen_now):
    standard = standard_of(FIRMWARE)
    row = draft(standard, FIRMWARE, version="2", by=manager, now=frozen_now.at)
    form = {"version": "2b", "rules": yaml_documents.write([FIRMWARE | {"values": ["4.3"]}])}
    assert client_of("manager").post(f"/standards/versions/{row.pk}/edit/", form).status_code == 302
    row.refresh_from_db()
    assert (row.version, row.rules[0]["values"]) == ("2b", ["4.3"])
    address = f"/api/readiness/standard-versions/{row.pk}/"
    api = api_of("manager")
    written_back = api.put(address, api.get(address).json(), content_type="application/json")
    assert (written_back.status_code, written_back.json()["version"]) == (200, "2b")


def test_a_device_with_a_waiver_moves_with_it(standard_of, manager, ops, frozen_now):
    standard, here, elsewhere = standard_of(FIRMWARE), made.site(), made.site()
    device = made.device(site=here, role="switch", firmware_version="4.1")
    waiver = operations.request_waiver(
        standard=standard, site=here, device=device, reason="Late", ends_at=frozen_now.at + timedelta(days=9),
        by=ops, now=frozen_now.at,
    )  # fmt: skip
    device.site = elsewhere
    device.save()
    waiver.refresh_from_db()
    assert waiver.site == elsewhere

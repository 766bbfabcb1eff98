"""Deviations, incidents and findings stand on the pages of their site and device."""

import pytest

from readiness.assessment.standards.models import Deviation
from readiness.demand.workloads.models import WorkloadClass
from tests.inventory import made
from tests.pages import statements, words_of
from tests.readiness.assessment.standards import scenes
from tests.readiness.loop import made as loop
from tests.readiness.loop.incidents.made import incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def porto(ops, manager, frozen_now):
    """A site whose only device deviates twice: once waived, once not."""
    site = made.site(name="Porto", slug="porto")
    made.device(site=site, name="leaf-1", role="switch")
    workload = WorkloadClass.objects.create(name="Chat", slug="chat")
    scenes.build(site, workload, ops, manager, frozen_now.at)
    return site


def panel_of(page, key):
    return next((panel for panel in page.context["panels"] if panel.key == key), None)


def cells_of(panel):
    return [{cell["column"].key: cell for cell in row["cells"]} for row in panel.context["rows"]]


@pytest.mark.parametrize("place", ["device", "site", "entry"])
def test_what_deviates_stands_there_with_its_waiver_or_the_way_to_one(place, porto, client_of):
    device = porto.devices.get()
    address = {
        "device": f"/inventory/devices/{device.pk}/",
        "site": "/sites/porto/?tab=inventory",
        "entry": f"/inventory/sites/{porto.pk}/",
    }[place]
    rows = cells_of(panel_of(client_of("ops").get(address), "deviations"))
    assert {row["object"]["text"] for row in rows} == {"leaf-1"}
    waived, open_row = sorted(rows, key=lambda row: row["waiver"]["text"] == "Request")
    assert waived["waiver"]["text"].startswith("until")
    assert open_row["waiver"]["url"].startswith(
        "/standards/waivers/add/?standard=node-baseline&rule=node-firmware"
    )
    Deviation.objects.all().delete()
    assert panel_of(client_of("ops").get(address), "deviations") is None


def test_accelerators_deviate_on_the_page_of_their_device(porto, client_of, frozen_now):
    device, standard = porto.devices.get(), Deviation.objects.first().standard
    Deviation.objects.create(
        site=porto, standard=standard, rule="r", accelerator=made.accelerator(device=device), domain="compute",
        wants="driver 550", since_at=frozen_now.at,
    )  # fmt: skip
    page = client_of("viewer").get(f"/inventory/devices/{device.pk}/")
    assert len(panel_of(page, "deviations").context["rows"]) == 3


def test_incidents_and_findings_of_a_site_stand_among_its_changes(porto, client_of, user_of):
    incident(site=porto, title="Hall 2 went dark")
    loop.finding(site=porto, title="Five minutes, not ten")
    incident(title="Elsewhere")
    loop.finding(title="Elsewhere")
    page = client_of("ops").get("/sites/porto/?tab=changes")
    incidents, findings = (panel_of(page, key) for key in ("incidents", "findings"))
    assert [row["title"]["text"] for row in cells_of(incidents)] == ["Hall 2 went dark"]
    assert [row["title"]["text"] for row in cells_of(findings)] == ["Five minutes, not ten"]
    assert [link["url"] for link in incidents.links] == [
        "/incidents/?site=porto",
        "/incidents/add/?site=porto",
    ]
    read_only = panel_of(client_of("viewer").get("/sites/porto/?tab=changes"), "findings")
    assert [link["label"] for link in read_only.links] == ["All"]
    assert "Elsewhere" not in words_of(page)


def test_panels_cost_the_same_for_one_row_and_for_many(porto, client_of):
    client, paths = client_of("viewer"), ("/sites/porto/?tab=changes", "/sites/porto/?tab=inventory")

    def add(number):
        for _ in range(number):
            incident(site=porto)
            loop.finding(site=porto)

    add(1)
    few = [statements(client, path) for path in paths]
    add(12)
    assert [statements(client, path) for path in paths] == few

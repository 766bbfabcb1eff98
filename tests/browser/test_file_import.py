"""A file of samples in the browser: uploaded, described, previewed, stored; nothing axe finds."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from telemetry.models import ImportedFile
from tests.browser.looking import faults
from tests.conftest import NOW
from tests.inventory import made
from tests.telemetry.conftest import source_of

__all__ = ["source_of"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pdu_file():
    rows = [f"{NOW - timedelta(minutes=n):%d.%m.%Y %H:%M};{n},5;{2 * n},25;ok" for n in range(30)]
    rows[7] = "kein Datum;1;2;x"
    rows[9] = rows[9].replace(";9,5;", ";=1+1;")
    return "\r\n".join(["Bericht", "Zeit;PDU A1 [kW];PDU B1 [kW];Bemerkung", *rows, "Summe;1;2;"]).encode(
        "utf-16"
    )


@pytest.fixture
def address(frozen_now, emptied_samples, source_of):
    porto = made.site(name="Porto", slug="porto")
    for name in ("PDU A1", "PDU B1"):
        made.device(site=porto, name=name)
    return f"/telemetry/sources/{source_of(porto, name='meters of Porto').pk}/"


def send(page):
    page.locator("input[type=file]").set_input_files(
        {"name": "meters.csv", "mimeType": "text/csv", "buffer": pdu_file()}
    )
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile(r"/import/\d+/$"))


def test_a_file_is_imported_from_the_page_of_its_source(as_role, address):
    page = as_role("ops").open(address)
    page.get_by_role("link", name="Import a file").click()
    send(page)
    expect(page.get_by_label("Object of PDU B1 [kW]")).to_have_value("instance=PDU B1")
    page.get_by_role("button", name="Show what Muster would store").click()
    expect(page.locator("#row-value-1")).to_contain_text("PDU A1")
    page.get_by_role("button", name="Store the file").click()
    expect(page.locator("#h-result")).to_have_text("Stored")
    file = ImportedFile.objects.get()
    assert (file.stored_values, file.refused_values) == (57, 3)
    with page.expect_download() as download:
        page.get_by_role("link", name="Refused lines as CSV").click()
    assert download.value.path().read_text().count("\n") == 4


@pytest.mark.full
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_pages_pass_axe(as_role, address, axe_source, theme):
    one = as_role("ops", theme=theme)
    page = one.open(f"{address}import/")
    send(page)
    opened = re.sub(r"^https?://[^/]+", "", page.url)
    paths = [f"{address}import/", opened]
    assert {path: found for path in paths if (found := faults(one, axe_source, path))} == {}
    one.open(opened).get_by_role("button", name="Store the file").click()
    expect(page.locator("#h-result")).to_have_text("Stored")
    assert faults(one, axe_source, opened) == []
    assert one.refusals == []

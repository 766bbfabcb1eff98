"""An alert on a phone: from the link of its message to who answers, and to the acknowledgement."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import boxes
from tests.browser.looking import PHONE
from tests.readiness.loop.alerts.made import MINUTE, NOW, alert_of, loaded_site, look, problem
from tests.readiness.organisation.people import made as people
from tests.web.delivery import made as delivery
from web.delivery.models import Message

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def paged_alert(frozen_now, user_of, settings):
    """An alert that paged who is on call."""
    frozen_now.at, settings.BASE_URL = NOW + MINUTE, "https://muster.example"
    site = loaded_site(name="Hamburg", slug="ham")
    ops = user_of("ops")
    delivery.channel(ops)
    people.shift(people.rotation(site, domain="compute"), people.person(name="Ana Reis", user=ops), now=NOW)
    look(NOW)
    hot = problem(site, title="GPU 17 is too hot", object="node-7")
    look(NOW + MINUTE)
    return alert_of(hot)


def test_whoever_is_on_call_acknowledges_in_four_screens(as_role, paged_alert, axe_source):
    """The message, the alert, the dialog on it, and the alert as it is then: no other page is needed."""
    screens = set()
    address = urlsplit(re.search(r"Acknowledge it here: (\S+)", Message.objects.get().text)[1]).path
    visit = as_role("ops", width=PHONE)
    visit.page.on("framenavigated", lambda frame: screens.add(urlsplit(frame.url).path))
    page = visit.open(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hamburg: GPU 17 is too hot")
    expect(page.get_by_text("Ana Reis, primary")).to_be_visible()
    expect(page.get_by_text("No owner")).to_be_visible()
    answer = page.evaluate(f"{axe_source}; axe.run(document, {{resultTypes: ['violations']}})")
    assert [each["id"] for each in answer["violations"]] == []
    assert boxes.faults(page, PHONE) == []
    page.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog", name="Acknowledge")
    expect(dialog).to_be_visible()
    with page.expect_navigation():
        dialog.get_by_role("button", name="Acknowledge").click()
    paged_alert.refresh_from_db()
    assert paged_alert.standing == "acknowledged"
    assert screens == {address}
    assert visit.refusals == []

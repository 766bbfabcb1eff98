"""Muster in Debian's chromium: the real pages, the real policy, a small fleet with samples."""

import pytest

from tests.browser import whole as scenes
from tests.conftest import PASSWORD
from tests.telemetry.conftest import emptied_samples
from tests.web.conftest import PATIENCE_MS, Visit, axe_source, launched, vendor

__all__ = ["axe_source", "emptied_samples", "vendor"]


@pytest.fixture(scope="package")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(chromium, vendor, live_server):
    contexts = []

    def make(*, width=1440, theme="light", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
            timezone_id="UTC",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Visit(context.new_page(), live_server.url)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def signed_in(visit, user_of):
    """A visit of somebody with that role who has signed in through the form."""

    def make(role="planner", **look):
        user = user_of(role)
        one = visit(**look)
        page = one.open("/login/")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/login/" not in url)
        return one

    return make


@pytest.fixture
def as_role(visit, client_of):
    """A visit with that role's session, without the way through the form."""

    def make(role, **look):
        one = visit(**look)
        session = client_of(role).cookies["sessionid"].value
        one.page.context.add_cookies([{"name": "sessionid", "value": session, "url": one.base}])
        return one

    return make


@pytest.fixture
def small_fleet(frozen_now, on_scene):
    return on_scene(scenes.small_fleet)


@pytest.fixture
def whole(frozen_now, on_scene):
    return on_scene(scenes.whole)


@pytest.fixture
def drafted(frozen_now):
    return scenes.drafted(frozen_now)


@pytest.fixture
def people(db, frozen_now):
    return scenes.people(frozen_now)

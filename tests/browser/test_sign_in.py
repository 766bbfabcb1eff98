"""Ways in, in a browser: second factor, provider, a new password by mail; and ending a session elsewhere."""

import re
from base64 import b32decode
from datetime import timedelta

import httpx
import pytest
from django.core import mail
from oidc_provider_mock import User as ProviderUser
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import expect

from accounts import codes
from accounts.models import GroupRule, User
from accounts.operations import change_user, create_token
from accounts.queries import role_of, scopes_of
from tests.conftest import NOW, PASSWORD, ApiClient
from tests.inventory import made
from web.accounts import reset
from web.tasks import end_stale_roles

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
SCREENS = [pytest.param(1440, "light", id="wide"), pytest.param(390, "dark", id="phone")]
OWN = "/settings/second-factor/"


@pytest.fixture(autouse=True)
def keys(settings):
    settings.DELIVERY_KEYS = ["k" * 40]


def check(one, axe_source, name, width):
    found = one.page.evaluate(f"{axe_source}; axe.run(document, {{resultTypes: ['violations']}})")
    named = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]]
    assert (name, named) == (name, [])
    assert (name, one.refusals) == (name, [])
    assert (name, one.page.evaluate("() => document.documentElement.scrollWidth")) == (name, width)


def give_password(page, username="ops"):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_an_app_is_added_and_asked_for(frozen_now, signed_in, visit, axe_source, width, theme):
    one = signed_in("ops", width=width, theme=theme)
    page = one.open(OWN)
    check(one, axe_source, "no factor yet", width)
    page.get_by_role("link", name="Add an authenticator app").click()
    page.get_by_role("img", name="QR code").wait_for()
    check(one, axe_source, "app", width)
    secret = b32decode(page.locator("main code").first.inner_text())
    code = codes.code_of(secret, codes.step_of(frozen_now.at))
    page.get_by_label("Code that the app shows").fill(code)
    page.get_by_role("button", name="Add", exact=True).click()
    [*_, recovery_code] = page.get_by_role("region", name="The new recovery codes").inner_text().split()
    check(one, axe_source, "recovery codes", width)
    other = visit(width=width, theme=theme)
    give_password(other.open("/login/"))
    other.page.get_by_role("heading", name="Second factor").wait_for()
    check(other, axe_source, "second step", width)
    other.page.get_by_label("Code").fill(recovery_code)
    other.page.get_by_role("button", name="Sign in", exact=True).click()
    other.page.wait_for_url(lambda url: "/login/" not in url)


def test_a_provider_gives_what_its_groups_give_until_somebody_leaves_them(
    visit, settings, user_of, frozen_now
):
    user_of("admin")
    made.site(slug="porto")
    GroupRule.objects.create(group="porto", role="planner", scope_kind="site", scope_slug="porto")
    claims = {"preferred_username": "mira", "groups": ["porto"]}
    with run_server_in_thread(user_claims=[ProviderUser(sub="s-1", claims=claims)]) as server:
        issuer = f"http://localhost:{server.server_port}"
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_NAME = issuer, "muster", "Example ID"
        settings.DELIVERY_HOSTS, settings.OIDC_LASTS = [f"localhost:{server.server_port}"], timedelta(hours=1)
        page = visit().open("/login/")
        page.get_by_role("link", name="Sign in with Example ID").click()
        page.get_by_role("button", name="s-1").click()
        page.get_by_role("heading", name="Set Muster up").wait_for()
        mira = User.objects.get(username="mira")
        assert (role_of(mira), list(scopes_of(mira))) == ("planner", [("site", "porto")])
        _, token = create_token(user=mira, name="script", by=None, now=frozen_now.at)
        assert permissions_of(token)
        home = page.url
        # A page that stays open is led to the sign-in by itself, at whatever moment.
        page.goto("about:blank")
        httpx.put(f"{issuer}/users/s-1", json=claims | {"groups": []}).raise_for_status()
        frozen_now.move(hours=1, seconds=1)
        assert end_stale_roles() == 1
        page.goto(home)
        expect(page).to_have_url(re.compile("/login/"))
        assert permissions_of(token) == []
        page.get_by_role("link", name="Sign in with Example ID").click()
        page.get_by_role("button", name="s-1").click()
        page.get_by_text("None of your groups gives access to Muster any more.").wait_for()


def permissions_of(token):
    return ApiClient(token).get("/api/authentication-check/").json()["permissions"]


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_a_forgotten_password_is_replaced_by_mail(
    visit, user_of, live_server, settings, monkeypatch, axe_source, width, theme
):
    change_user(user_of("ops"), email="ola@example.org", by=None, now=NOW)
    settings.MAIL_HOST, settings.BASE_URL = "mail.example.org", live_server.url
    task = reset.mail_password_link
    monkeypatch.setattr(task, "apply_async", lambda kwargs, **options: task(**kwargs))
    one = visit(width=width, theme=theme)
    page = one.open("/login/")
    page.get_by_role("link", name="Forgotten password").click()
    page.get_by_label("User name or e-mail").fill("ola@example.org")
    check(one, axe_source, "reset", width)
    page.get_by_role("button", name="Mail me a link").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    [message] = mail.outbox
    page.goto(re.search(r"https?://\S+", message.body)[0])
    check(one, axe_source, "choose", width)
    page.get_by_label("Password", exact=True).fill("another-long-enough-password")
    page.get_by_label("Password, again").fill("another-long-enough-password")
    page.get_by_role("button", name="Change password").click()
    page.get_by_text("Your password is changed.").wait_for()


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_a_session_elsewhere_is_ended(signed_in, axe_source, width, theme):
    other = signed_in("ops")
    one = signed_in("ops", width=width, theme=theme)
    page = one.open("/settings/sessions/")
    check(one, axe_source, "sessions", width)
    page.get_by_role("button", name="End the session").click()
    page.get_by_text("The session is ended").wait_for()
    other.open("/settings/")
    expect(other.page).to_have_url(re.compile("/login/"))


def add_authenticator(page):
    """Give the page a security key that its owner touches at once."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    abilities = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options | abilities})


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_a_passkey_is_added_and_signs_in_without_a_password(signed_in, axe_source, width, theme):
    one = signed_in("ops", width=width, theme=theme)
    add_authenticator(one.page)
    page = one.open(f"{OWN}passkey/")
    page.get_by_label("Name").fill("Laptop")
    check(one, axe_source, "new passkey", width)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("region", name="The new recovery codes").wait_for()
    check(one, axe_source, "passkey", width)
    page = one.open(f"{OWN}passkey/")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("form [role=status]")).to_have_text("You have a second factor of this name already.")
    page.context.clear_cookies()
    page = one.open("/login/")
    page.get_by_role("button", name="Sign in with a passkey").wait_for()
    check(one, axe_source, "sign in", width)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/login/" not in url)

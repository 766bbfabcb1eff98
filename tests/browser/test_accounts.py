"""Pages about who may sign in, and search, in a browser: nothing the policy refuses, nothing axe finds."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from accounts.models import Token, User
from accounts.operations import create_token
from tests.conftest import NOW, PASSWORD
from web import search

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
SCREENS = [(1440, "light"), (390, "dark")]


@pytest.fixture
def people(user_of, monkeypatch):
    """A handful of users, tokens in each state, and two kinds of things to find."""
    monkeypatch.setattr(search, "_providers", dict(search._providers))
    search.register(
        "places",
        "Places",
        lambda query, *, user: [
            search.Hit(f"Place number {n}", "/", "Europe, commissioning", "edge site") for n in range(9)
        ],
    )
    admin = user_of("admin", name="Ada Admin", email="ada@example.org")
    someone = user_of("planner", username="mira", name="Mira Kovač", email="mira@example.org")
    user_of("ops", username="machine", kind="service", owner=someone)
    for user in (admin, someone):
        create_token(user=user, name="Nightly capacity report", by=None, now=NOW)
        create_token(
            user=user, name="Terraform", scope="write", expires_at=NOW.replace(hour=17), by=None, now=NOW
        )
    return someone


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_a_token_just_made_and_one_to_revoke_pass_axe(signed_in, people, axe_source, width, theme):
    one = signed_in("admin", width=width, theme=theme)
    one.open("/settings/").get_by_role("textbox", name="Name").fill("A third one")
    one.page.get_by_role("button", name="Make token").click()
    one.page.get_by_role("region", name="The new token").wait_for()
    check(one, axe_source, "token-made", width)
    one.page.get_by_role("button", name="Revoke A third one").click()
    check(one, axe_source, "revoke", width)


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_pages_for_everybody_pass_axe_and_the_security_policy(visit, axe_source, capsys, width, theme):
    call_command("first_admin_link", "--base-url", "")
    link = capsys.readouterr().out.split()[-1]
    one = visit(width=width, theme=theme)
    for name, path in {"login": "/login/", "first-admin": link, "spent": "/first-admin/nothing/"}.items():
        one.open(path)
        check(one, axe_source, name, width)


def check(one, axe_source, name, width):
    found = one.page.evaluate(f"{axe_source}; axe.run(document, {{resultTypes: ['violations']}})")
    named = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]]
    assert (name, named) == (name, [])
    assert (name, one.refusals) == (name, [])
    assert (name, one.page.evaluate("() => document.documentElement.scrollWidth")) == (name, width)


def test_a_token_is_made_copied_and_revoked(signed_in, user_of):
    page = signed_in("ops").open("/settings/")
    page.get_by_role("textbox", name="Name").fill("Nightly report")
    page.get_by_label("Scope").select_option("write")
    page.get_by_role("button", name="Make token").click()
    shown = page.get_by_role("region", name="The new token").inner_text()
    assert shown.startswith(f"muster_{Token.objects.get().prefix}_")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    page.get_by_role("button", name="Revoke Nightly report").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_text("The token Nightly report is revoked.").wait_for()
    assert Token.objects.get().enabled is False


def test_the_theme_chosen_in_settings_is_there_at_once(signed_in, user_of):
    page = signed_in("ops", theme="light").open("/settings/")
    page.get_by_role("combobox", name="Theme").select_option("dark")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your settings are saved.").wait_for()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert User.objects.get(username="ops").theme == "dark"


def test_shortcuts_are_switched_off_in_settings(signed_in, user_of):
    page = signed_in("ops").open("/settings/")
    page.get_by_label("Use single-key shortcuts").first.uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your settings are saved.").wait_for()
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Search and actions")).to_be_hidden()


def test_slash_searches_from_any_page_and_a_hit_opens(signed_in, people):
    page = signed_in("admin").open("/settings/")
    page.keyboard.press("/")
    page.keyboard.type("mira")
    page.get_by_role("group", name="Users").get_by_role("option").click()
    page.wait_for_url(f"**/settings/users/{people.pk}/")


def test_settings_and_search_work_without_scripts(visit, user_of):
    user_of("admin")
    page = visit(java_script_enabled=False).open("/login/?next=/settings/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Time zone").select_option("Europe/Dublin")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your settings are saved.").wait_for()
    page.get_by_role("link", name=re.compile("^Search or jump to")).click()
    page.get_by_role("searchbox", name="Search for").fill("admin")
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Users").wait_for()

"""A new kind, in as many lines as the recipe says, has all that the others have."""

from pathlib import Path

import pytest
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import modify_settings

from tests.inventory import made
from tests.web.kinds import samples, test_bulk, test_csv, test_facets, test_kinds
from web.audit import triggers
from web.kinds.kind import KIND_OF

pytestmark = [pytest.mark.django_db, pytest.mark.full]
FOLDER = Path(__file__).parent / "fans"


@pytest.fixture
def fan_kind(settings, monkeypatch):
    """The app of the recipe, for one test: in production its migration does what is done here."""
    settings.ROOT_URLCONF = "tests.web.kinds.fans.urls"
    with modify_settings(INSTALLED_APPS={"append": "tests.web.kinds.fans"}):
        from django.apps import apps

        from tests.web.kinds.fans.kinds import FAN
        from tests.web.kinds.fans.models import Fan

        with connection.schema_editor() as editor:
            editor.create_model(Fan)
        triggers.install("default")
        create_permissions(apps.get_app_config("fans"), verbosity=0)
        Group.objects.get(name="viewer").permissions.add(Permission.objects.get(codename="view_fan"))
        monkeypatch.setitem(samples.MAKERS, "fan", lambda: Fan.objects.create(site=made.site(), name="fan 1"))
        monkeypatch.setitem(samples.EDITS, "fan", ("status", "stopped"))
        KIND_OF[Fan] = FAN
        yield FAN
        del KIND_OF[Fan]


SHARED = [
    test_kinds.test_a_list_offers_what_its_reader_may_enter,
    test_kinds.test_a_list_refreshes_its_live_part_alone,
    test_kinds.test_a_list_and_a_page_show_an_object,
    test_kinds.test_a_list_costs_the_same_for_one_row_and_for_many,
    test_kinds.test_every_column_can_be_shown_sorted_by_and_exported,
    test_kinds.test_history_shows_before_and_after,
    test_kinds.test_forms_ask_for_permission_and_what_is_gone_is_a_404,
    test_kinds.test_strange_parameters_are_never_a_5xx,
    test_kinds.test_an_object_is_deleted_after_a_question,
    test_bulk.test_a_preview_changes_nothing_and_its_confirmation_all,
    test_bulk.test_editing_is_for_those_who_may_change,
    test_csv.test_what_a_list_writes_comes_back_unchanged,
    test_csv.test_a_cell_that_was_edited_changes_its_object_alone,
    test_csv.test_files_are_for_those_who_may_add,
    test_facets.test_every_count_is_that_of_the_list_it_leads_to,
]


@pytest.mark.parametrize("shared", SHARED, ids=lambda test: test.__name__)
def test_a_new_kind_has_what_others_have(shared, fan_kind, client_of):
    shared(fan_kind, client_of)


def test_a_new_kind_has_an_endpoint(fan_kind, client_of, api_of):
    test_kinds.test_the_endpoint_reads_it_and_changes_many(fan_kind, client_of, api_of)
    schema = client_of("admin").get("/api/schema/?format=json").json()
    assert "/api/fans/fans/" in schema["paths"]


def test_a_new_kind_is_added_by_its_form(fan_kind, client_of):
    site = made.site()
    client_of("admin").post(fan_kind.url("add"), {"site": site.pk, "name": "fan 2", "status": "running"})
    assert fan_kind.model.objects.get().site == site


def test_the_recipe_takes_no_more_lines_than_it_says():
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in FOLDER.glob("*.py"))
    # Its maker, its edit and a line of the urlconf and of the settings are the rest.
    assert lines + 8 <= 120

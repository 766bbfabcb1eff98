"""Values in words, and permissions as what somebody may do."""

import pytest
from django.apps import apps

from accounts.roles import ROLES
from web.permissions import roles_of, words_of
from web.templatetags.kit import prose
from web.words import value_text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"pue": 1.2}, "pue: 1.2"),
        (
            {"it_kw": 4.0, "carbon": "carbon_average", "regions": []},
            "it kw: 4, carbon: carbon average, regions: nothing",
        ),
        ({"sites": {"porto": {"score": {"low": 1, "high": 2}}}}, "sites: (porto: (score: 2 entries))"),
        (
            [{"id": "public", "name": "Public data"}, {"id": "secret"}],
            "(id: public, name: Public data), (id: secret)",
        ),
        (["a_b", "c"], "a_b, c"),
        ({"node_names": ["gpu_node_01"], "first": ""}, "node names: gpu_node_01, first: nothing"),
        ({}, ""),
    ],
)
def test_what_is_kept_as_json_is_read_as_words(value, words):
    assert value_text(value) == words


@pytest.mark.parametrize(
    ("permission", "words", "roles"),
    [
        ("inventory.view_site", "see sites", "viewer, ops, planner, manager or admin"),
        ("evidence.decide_review", "decide go-live reviews", "manager or admin"),
        ("accounts.add_user", "add users", "admin"),
    ],
)
def test_a_permission_is_said_in_words_with_the_roles_that_hold_it(permission, words, roles):
    assert (words_of(permission), roles_of(permission)) == (words, roles)


def test_every_permission_has_words_and_a_role():
    for model in apps.get_models():
        meta = model._meta
        names = [f"{verb}_{meta.model_name}" for verb in meta.default_permissions]
        for codename in [*names, *(name for name, _words in meta.permissions)]:
            assert "_" not in words_of(f"{meta.app_label}.{codename}")
            assert roles_of(f"{meta.app_label}.{codename}").endswith(tuple(ROLES))


@pytest.mark.parametrize(
    ("permission", "words"),
    [("inventory.fly_site", "fly_site"), ("nowhere.see_it", "see_it"), ("odd", "odd")],
)
def test_a_permission_that_nobody_declared_is_said_by_its_name(permission, words):
    assert words_of(permission) == words


def test_what_stands_between_backticks_is_set_as_code_and_the_rest_escaped():
    assert prose("Run `dcgmi <x>` & wait") == "Run <code>dcgmi &lt;x&gt;</code> &amp; wait"

"""What PostgreSQL lets a user with scopes write: rows that lie within the scope before and after."""

import pytest
from django.apps import apps
from django.db import ProgrammingError, transaction

from accounts.models import AccountTie, RecoveryCode, SecondFactor, Token, User
from inventory.models import DeviceType, Region, Site
from readiness.loop.alerts.models import EscalationLevel, EscalationRoute
from readiness.organisation.people.models import Layer, Person, Rotation, Skill, Team
from tests.conftest import NOW
from tests.inventory import made
from web import scopes
from web.actor import acting
from web.policies import rule_of

pytestmark = pytest.mark.django_db
# Whoever signs in writes these, and each is somebody's own by its operation alone.
WRITTEN_BY_ALL = {"accounts.Session"}


@pytest.fixture
def iberia():
    europe = Region.objects.create(name="Europe", slug="europe")
    return Region.objects.create(name="Iberia", slug="iberia", parent=europe)


@pytest.fixture
def porto(iberia):
    return made.site(name="Porto", slug="porto", region=iberia)


@pytest.fixture
def lyon(iberia):
    return made.site(name="Lyon", slug="lyon", region=iberia.parent)


@pytest.fixture
def limited(user_of, porto):
    user = user_of("manager")
    user.access_scopes.create(kind="region", slug="iberia")
    return user


@pytest.fixture
def narrowed(limited, lyon):
    """Inside `with narrowed():` what is read and written is that of the limited user."""

    def within():
        scopes.narrow_to(limited)
        return transaction.atomic()

    with scopes.reading(), acting(limited):
        yield within


def refusal(write, within):
    with pytest.raises(ProgrammingError) as refused, within():
        write()
    assert scopes.is_refusal(refused.value)
    return scopes.refused_row(refused.value)


def rotation_of(**home):
    return Rotation.objects.create(
        name=f"Nights {home}", slug=f"nights-{len(home)}-{Rotation.objects.count()}", domain="energy", **home
    )


def test_few_models_are_written_by_everybody():
    concrete = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    assert {model._meta.label for model in concrete if rule_of(model).is_writable_by_all} == WRITTEN_BY_ALL


def test_what_is_read_by_all_is_written_by_users_of_all_sites():
    read_by_all = {model for model in apps.get_models() if rule_of(model).is_open and not model._meta.proxy}
    assert {rule_of(model).check for model in (Skill, DeviceType)} == {"false"}
    own = {
        User,
        Token,
        SecondFactor,
        RecoveryCode,
        AccountTie,
        EscalationRoute,
        EscalationLevel,
        *apps.get_app_config("people").get_models(),
        *apps.get_app_config("web").get_models(),
    }
    stray = [model._meta.label for model in read_by_all - own if rule_of(model).check != "false"]
    assert stray == list(WRITTEN_BY_ALL)


@pytest.mark.parametrize(
    "write",
    [
        lambda row: row.delete(),
        lambda row: type(row).objects.filter(pk=row.pk).update(name="x"),
        lambda row: type(row).objects.update(home_region=None, home_site=Site.objects.get(slug="porto")),
        lambda row: type(row).objects.filter(pk__in=type(row).objects.values("pk")).delete(),
    ],
    ids=["delete", "change", "take over", "delete all"],
)
@pytest.mark.parametrize("model", [Team, Person])
@pytest.mark.parametrize("home", ["lyon", "europe", ""])
def test_a_row_of_another_home_is_read_and_not_written(write, model, home, narrowed, lyon):
    homes = {"lyon": {"home_site": lyon}, "europe": {"home_region": lyon.region}, "": {}}
    slug = {"slug": "hands"} if model is Team else {}
    row = model.objects.create(name="Hands", **slug, **homes[home])
    refused = refusal(lambda: write(row), narrowed)
    assert (refused.table, refused.keys["id"], refused.was) == (model._meta.db_table, row.pk, True)
    assert model.objects.get() == row
    assert (scopes.may_write(row), scopes.may_write([])) == (False, True)


def test_a_row_of_the_scope_does_not_leave_it(narrowed, porto, lyon):
    with narrowed():
        team = Team.objects.create(name="Hands", slug="hands", home_site=porto)
        assert scopes.may_write(team)
    for home in ({"home_site": lyon}, {"home_site": None}, {"home_site": None, "home_region": lyon.region}):
        refused = refusal(lambda: Team.objects.filter(pk=team.pk).update(**home), narrowed)  # noqa: B023
        assert (refused.table, refused.was) == ("people_team", False)
    refusal(lambda: Team.objects.create(name="All", slug="all"), narrowed)


def test_a_site_or_region_does_not_leave_the_scope(narrowed, porto, iberia, lyon):
    with narrowed():
        north = Region.objects.create(name="North", slug="north", parent=iberia)
        scopes.narrow_to(User.objects.get(username="manager"))
        assert Site.objects.filter(pk=porto.pk).update(region=north) == 1
    refusal(lambda: Site.objects.filter(pk=porto.pk).update(region=lyon.region), narrowed)
    refusal(lambda: Region.objects.filter(pk=iberia.pk).update(parent=None), narrowed)


def test_a_lock_on_a_row_that_is_only_read_is_allowed(narrowed):
    skill = Skill.objects.create(name="Pumps", slug="pumps", domain="energy", levels=["x"])
    with narrowed():
        assert Skill.objects.select_for_update().get() == skill
    refusal(lambda: Skill.objects.update(name="x"), narrowed)
    assert not scopes.may_add(Skill)
    assert scopes.may_add(Layer)


def test_a_part_is_written_where_what_it_is_part_of_is(narrowed, porto, lyon):
    ours, wide = rotation_of(home_site=porto), rotation_of(home_region=lyon.region)
    theirs = rotation_of(home_site=lyon)
    layers = [
        Layer.objects.create(rotation=rotation, starts_at=NOW, rule="FREQ=DAILY", duration_min=60)
        for rotation in (ours, wide, theirs)
    ]
    wide.served.create(site=porto)
    with narrowed():
        assert set(Rotation.objects.all()) == {ours, wide}
        assert set(Layer.objects.all()) == set(layers[:2])
        assert list(scopes.writable(Layer.objects.all())) == layers[:1]
        assert Layer.objects.filter(pk=layers[0].pk).update(name="x") == 1
        assert Layer.objects.filter(pk=layers[2].pk).update(name="x") == 0
    assert refusal(lambda: layers[1].delete(), narrowed).keys["rotation_id"] == wide.pk
    refusal(lambda: wide.served.all().delete(), narrowed)
    refusal(lambda: Layer.objects.filter(pk=layers[0].pk).update(rotation=wide), narrowed)


def test_users_write_their_own_account_and_tokens_only(narrowed, limited, user_of):
    other = user_of("viewer")
    with narrowed():
        limited.theme = "dark"
        limited.save(update_fields=["theme"])
    refusal(lambda: User.objects.filter(pk=other.pk).update(theme="dark"), narrowed)
    refusal(lambda: other.groups.clear(), narrowed)
    refusal(lambda: limited.access_scopes.create(kind="region", slug="europe"), narrowed)
    token = {"prefix": "abcdefabcdef", "digest": b"x", "created_at": NOW, "name": "x"}
    refusal(lambda: Token.objects.create(user=other, **token), narrowed)
    with narrowed():
        Token.objects.create(user=limited, **token)

"""Sign-in by a provider of OpenID Connect: a real one, and one that answers whatever an attacker would."""

import threading
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from django.test import Client
from oidc_provider_mock import User as ProviderUser
from oidc_provider_mock import run_server_in_thread

from accounts.links import Kind, user_link
from accounts.models import ExternalIdentity, GroupRule, User
from accounts.operations import change_user
from accounts.queries import role_of
from tests.accounts.providers import KEY, OTHER_KEY, InventedProvider, signed
from tests.conftest import NOW, PASSWORD
from web import clock
from web.accounts.provider import PER_ADDRESS
from web.security_log.models import SecurityEvent

pytestmark = pytest.mark.django_db
MIRA = {
    "preferred_username": "mira",
    "name": "Mira Kovač",
    "email": "mira@example.org",
    "email_verified": True,
    "groups": ["ops-porto", "staff"],
}


@pytest.fixture(scope="module")
def real_provider():
    with run_server_in_thread(user_claims=[ProviderUser(sub="s-1", claims=MIRA)]) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def rules(admin):
    GroupRule.objects.create(group="staff", role="viewer")
    GroupRule.objects.create(group="ops-porto", role="ops", scope_kind="site", scope_slug="porto")


def use(settings, issuer):
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = issuer, "muster", "s3cret:/"
    settings.DELIVERY_HOSTS = [urlsplit(issuer).netloc]


def come_back(client, address, subject="s-1"):
    """Let the user agree at the real provider, and follow it back."""
    answer = httpx.post(address, data={"sub": subject}, follow_redirects=False)
    back = urlsplit(answer.headers["location"])
    return client.get(f"{back.path}?{back.query}")


def is_signed_in(client):
    return client.get("/settings/").status_code == 200


def test_a_user_of_the_provider_signs_in_with_what_their_groups_give(settings, rules, real_provider):
    use(settings, real_provider)
    client = Client()
    assert "Sign in with single sign-on" in client.get("/login/").text
    leaving = client.get("/login/provider/?next=/settings/%3Fa=1")
    assert leaving["Location"].startswith(f"{real_provider}/oauth2/authorize?")
    assert come_back(client, leaving["Location"])["Location"] == "/settings/?a=1"
    mira = User.objects.get(username="mira")
    assert client.get("/settings/").context["request"].user == mira
    assert (role_of(mira), str(mira), mira.email) == ("ops", "Mira Kovač", "mira@example.org")
    assert list(mira.access_scopes.values_list("kind", "slug")) == [("site", "porto")]
    assert mira.identity.groups == ["ops-porto", "staff"]


def test_whoever_no_rule_names_is_told(settings, admin, real_provider):
    use(settings, real_provider)
    client = Client()
    answer = come_back(client, client.get("/login/provider/")["Location"])
    assert answer.status_code == 403
    assert "None of your groups gives access to Muster." in answer.text
    assert "sign_in_link" not in answer.text
    assert not is_signed_in(client)


def test_a_refusal_at_the_provider_is_told(settings, rules, real_provider):
    use(settings, real_provider)
    for state, reason in (("", "The provider refused: No"), ("x", "The answer belongs to another sign-in.")):
        client = Client()
        question = parse_qs(urlsplit(client.get("/login/provider/")["Location"]).query)
        refusal = f"error=access_denied&error_description=No&state={state or question['state'][0]}"
        answer = client.get(f"/login/provider/return/?{refusal}")
        assert (answer.status_code, reason in answer.text) == (502, True)


def test_the_provider_confirms_who_somebody_is(settings, rules, real_provider, frozen_now):
    use(settings, real_provider)
    settings.CONFIRM_EVERY = timedelta(minutes=30)
    client = Client()
    come_back(client, client.get("/login/provider/")["Location"])
    frozen_now.move(minutes=30)
    page = client.get("/login/confirm/?next=/settings/")
    assert "/login/provider/?confirm=1&amp;next=%2Fsettings%2F" in page.text
    leaving = client.get("/login/provider/?confirm=1&next=/settings/")["Location"]
    assert parse_qs(urlsplit(leaving).query)["prompt"] == ["login"]
    assert come_back(client, leaving)["Location"] == "/settings/"
    new_token = {"name": "x", "scope": "read", "lifetime": "7"}
    assert client.post("/settings/tokens/add/", new_token).status_code == 200


def test_without_a_provider_there_is_no_such_way(db):
    assert Client().get("/login/provider/").status_code == 404
    assert Client().get("/login/provider/return/?code=1").status_code == 404
    assert "/login/provider/" not in Client().get("/login/").text


def test_a_provider_that_is_down_leaves_passwords_and_links(settings, ops):
    use(settings, "http://localhost:9")
    answer = Client().get("/login/provider/")
    assert answer.status_code == 502
    assert "sign_in_link" in answer.text
    client = Client()
    client.post("/login/", {"username": "ops", "password": PASSWORD})
    assert is_signed_in(client)
    settings.PASSWORDS, client = False, Client()
    client.post(f"/login/link/{user_link(ops, Kind.SIGN_IN, now=clock.now())}/")
    assert is_signed_in(client)


def test_a_provider_inside_the_network_is_named_first(settings, db):
    use(settings, "http://localhost:9")
    settings.DELIVERY_HOSTS = []
    answer = Client().get("/login/provider/")
    assert answer.status_code == 502
    assert "MUSTER_DELIVERY_HOSTS" in answer.text


@pytest.fixture
def invented(settings, rules):
    server = ThreadingHTTPServer(("127.0.0.1", 0), InventedProvider)
    issuer = f"http://127.0.0.1:{server.server_port}"
    use(settings, issuer)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    server.issuer, server.forms, server.asked = issuer, [], []
    server.answers = {
        "/.well-known/openid-configuration": {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/keys",
        },
        "/keys": {"keys": [{**public, "kid": "1", "use": "sig", "alg": "RS256"}]},
        "/userinfo": {"sub": "s-1", **MIRA},
    }
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def answered(server, client, *, question="", state="", more="", **token):
    """Sign in with an id token that the test makes."""
    question = parse_qs(urlsplit(client.get(f"/login/provider/{question}")["Location"]).query)
    nonce = token.pop("nonce", question["nonce"][0])
    id_token = signed(server, nonce, **token)
    server.answers["/token"] = {"access_token": "a", "token_type": "Bearer", "id_token": id_token}
    return client.get(f"/login/provider/return/?code=c&state={state or question['state'][0]}{more}")


def test_a_right_answer_signs_in(invented):
    client = Client()
    assert answered(invented, client).status_code == 302
    assert is_signed_in(client)
    form = parse_qs(invented.forms[-1])
    assert len(form["code_verifier"][0]) >= 43
    assert "client_secret" not in form


YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param({"key": OTHER_KEY}, "not valid", id="signed by somebody else"),
        pytest.param({"key": "", "algorithm": "none"}, "not valid", id="not signed"),
        pytest.param(
            {"key": "s3cret:/" * 5, "algorithm": "HS256"}, "not valid", id="signed with a shared secret"
        ),
        pytest.param({"kid": "2"}, "does not publish the key", id="signed with a key that was replaced"),
        pytest.param({"aud": "another"}, "not valid", id="for another installation"),
        pytest.param({"azp": "another"}, "made for another program", id="for another program"),
        pytest.param({"aud": ["muster", "another"]}, "made for another program", id="for several"),
        pytest.param({"iss": "https://evil.example"}, "not valid", id="from another issuer"),
        pytest.param({"exp": datetime(2020, 1, 1, tzinfo=UTC)}, "not valid", id="expired"),
        pytest.param({"exp": None}, "not valid", id="without an end"),
        pytest.param({"nonce": "invented"}, "belongs to another sign-in", id="of another sign-in"),
        pytest.param({"sub": "s-2"}, "describes another person", id="of another person"),
        pytest.param({"state": "invented"}, "belongs to another sign-in", id="another state"),
        pytest.param(
            {"more": "&iss=https://evil.example"}, "from another provider", id="of another provider"
        ),
    ],
)
def test_a_wrong_answer_signs_nobody_in(invented, token, reason):
    client = Client()
    answer = answered(invented, client, **token)
    assert (answer.status_code, reason in answer.text) == (502, True)
    assert not is_signed_in(client)
    assert not ExternalIdentity.objects.exists()


@pytest.mark.parametrize(
    ("groups", "status"),
    [
        pytest.param("staff", 302, id="one text"),
        pytest.param(["staff"], 302, id="a list"),
        pytest.param([], 403, id="none"),
        pytest.param({"staff": True}, 502, id="an object"),
        pytest.param([1], 502, id="numbers"),
        pytest.param(["x"] * 1001, 502, id="too many"),
    ],
)
def test_groups_in_every_form(invented, groups, status):
    invented.answers["/userinfo"]["groups"] = groups
    assert answered(invented, Client()).status_code == status


def test_groups_that_are_left_out_take_no_role(invented):
    answered(invented, Client())
    del invented.answers["/userinfo"]["groups"]
    assert "leaves out groups" in answered(invented, Client()).text
    assert role_of(User.objects.get(username="mira")) == "ops"


def test_a_sign_in_that_fails_is_a_security_event(invented):
    answered(invented, Client(), key=OTHER_KEY)
    answered(invented, Client())
    invented.answers["/userinfo"]["groups"] = []
    answered(invented, Client())
    failures = SecurityEvent.objects.filter(action=SecurityEvent.Action.SIGN_IN_FAILED).order_by("pk")
    assert [event.account and event.account.username for event in failures] == [None, "mira"]


def test_half_a_character_in_an_address_is_no_error_of_ours(invented):
    configuration = invented.answers["/.well-known/openid-configuration"]
    configuration["authorization_endpoint"] += "\ud800"
    assert Client().get("/login/provider/").status_code == 502


def test_groups_of_the_signed_id_token_count(invented):
    answered(invented, Client(), groups=["staff"])
    assert role_of(User.objects.get(username="mira")) == "viewer"


@pytest.mark.parametrize(
    ("claim", "value", "status"),
    [
        pytest.param("email", "no address", 502, id="mail address"),
        pytest.param("name", "x" * 200, 302, id="name"),
        pytest.param("preferred_username", "mira/\u00e9", 302, id="user name"),
        pytest.param("preferred_username", "mira\0", 502, id="null byte"),
        pytest.param("name", "\ud800", 502, id="half a character"),
        pytest.param("groups", ["staff", "a\0b"], 502, id="group"),
    ],
)
def test_a_claim_that_no_account_takes_is_told_or_mended(invented, claim, value, status):
    invented.answers["/userinfo"][claim] = value
    assert answered(invented, Client()).status_code == status


def test_the_key_that_the_provider_publishes_now_counts(invented):
    public = jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True)
    invented.answers["/keys"]["keys"] += [{**public, "kid": "2"}, {**public, "kid": "2", "use": "enc"}]
    assert answered(invented, Client(), key=OTHER_KEY, kid="2", algorithm="PS256").status_code == 302


def test_what_the_provider_says_of_itself_is_kept_for_minutes_and_its_keys_are_not(invented, frozen_now):
    discovery = "/.well-known/openid-configuration"
    assert [answered(invented, Client()).status_code for _ in range(2)] == [302, 302]
    assert (invented.asked.count(discovery), invented.asked.count("/keys")) == (1, 2)
    # New keys count at once, and another address once ten minutes are over.
    public = jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True)
    invented.answers["/keys"] = {"keys": [{**public, "kid": "2", "use": "sig"}]}
    invented.answers[discovery]["authorization_endpoint"] += "/new"
    assert answered(invented, Client(), key=OTHER_KEY, kid="2").status_code == 302
    assert "/authorize?" in Client().get("/login/provider/")["Location"]
    frozen_now.move(minutes=10)
    assert "/authorize/new?" in Client().get("/login/provider/")["Location"]


def test_a_provider_that_failed_is_asked_again(invented):
    configuration = invented.answers.pop("/.well-known/openid-configuration")
    invented.answers["/.well-known/openid-configuration"] = {"issuer": "https://evil.example"}
    assert Client().get("/login/provider/").status_code == 502
    invented.answers["/.well-known/openid-configuration"] = configuration
    assert answered(invented, Client()).status_code == 302


def test_a_verified_address_of_the_id_token_verifies_no_other(invented, ops):
    change_user(ops, email="ola@example.org", by=None, now=NOW)
    invented.answers["/userinfo"] = {"sub": "s-1", "email": "ola@example.org", "groups": ["staff"]}
    client = Client()
    answered(invented, client, email="mira@example.org", email_verified=True)
    assert client.get("/settings/").context["request"].user != ops


@pytest.mark.parametrize(
    ("minutes", "is_confirmed"),
    [
        pytest.param(29, True, id="lately"),
        pytest.param(31, False, id="long ago"),
        pytest.param(None, False, id="not said"),
    ],
)
def test_a_sign_in_proves_as_much_as_the_provider_says(settings, invented, minutes, is_confirmed):
    settings.CONFIRM_EVERY = timedelta(minutes=30)
    invented.answers["/.well-known/openid-configuration"]["claims_supported"] = ["sub", "auth_time"]
    claim = (
        {}
        if minutes is None
        else {"auth_time": int((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp())}
    )
    client = Client()
    assert answered(invented, client, **claim).status_code == 302
    assert (client.get("/settings/second-factor/app/").status_code == 200) is is_confirmed
    again = answered(invented, client, question="?confirm=1", **claim)
    assert again.status_code == (302 if is_confirmed else 502)


def test_nobody_confirms_as_somebody_else(invented):
    client = Client()
    answered(invented, client)
    invented.answers["/userinfo"] |= {"sub": "s-2", "preferred_username": "noa", "email": "noa@example.org"}
    answer = answered(invented, client, question="?confirm=1", sub="s-2")
    assert (answer.status_code, "and there as" in answer.text) == (403, True)
    assert client.get("/settings/").context["request"].user.username == "mira"


def test_whoever_is_signed_in_with_a_scope_comes_back_as_another_user(invented, user_of):
    client = Client()
    client.force_login(user_of("manager", username="limited", scopes=[("site", "porto")]))
    assert answered(invented, client).status_code == 302
    assert client.get("/settings/").context["request"].user.username == "mira"


def test_attempts_from_one_address_are_counted(settings, db):
    use(settings, "http://localhost:9")
    settings.DELIVERY_HOSTS = []
    answers = [Client().get("/login/provider/") for _ in range(PER_ADDRESS + 1)]
    assert [answer.status_code for answer in answers] == [502] * PER_ADDRESS + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_images_of_another_page_do_not_count(settings, db):
    use(settings, "http://localhost:9")
    foreign = Client(headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"})
    for _ in range(PER_ADDRESS + 1):
        assert foreign.get("/login/provider/").status_code == 403
        assert foreign.get("/login/provider/return/?code=c").status_code == 502
    followed = Client(headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"})
    assert "Too many attempts" not in followed.get("/login/provider/").text


def test_a_provider_with_another_name_is_not_believed(invented):
    invented.answers["/.well-known/openid-configuration"]["issuer"] = "https://evil.example"
    answer = Client().get("/login/provider/")
    assert "calls itself by another name" in answer.text


def test_nobody_comes_back_who_did_not_leave(invented):
    question = Client().get(f"/login/provider/?next=/{'é' * 1400}")
    assert len(question.cookies["sign_on"].OutputString()) < 4096
    state = parse_qs(urlsplit(question["Location"]).query)["state"][0]
    answer = Client().get(f"/login/provider/return/?code=c&state={state}")
    assert (answer.status_code, "began in another browser" in answer.text) == (502, True)

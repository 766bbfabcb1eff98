"""Passkeys: added, used alone, after the password and to confirm; and answers that are not right."""

import hashlib
import json
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import connection
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

from accounts.models import SecondFactor, User
from accounts.operations import set_password
from tests.conftest import PASSWORD
from web.accounts import passkeys
from web.security_log.models import SecurityEvent

pytestmark = pytest.mark.django_db
ORIGIN, HOST = "http://testserver", "testserver"
OWN = "/settings/second-factor/"
ACTION = SecurityEvent.Action
NEW_PASSWORD = "another-long-enough-password"
PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40


class SoftKey:
    """A security key of WebAuthn level 2, made of software: each instance holds one passkey."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)

    def make(self, options, *, origin=ORIGIN):
        cose = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        key_data = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cose
        auth_data = self._auth_data(PRESENT | VERIFIED | NEW_KEY, 0, HOST) + key_data
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data})
        client_data = self._client_data("webauthn.create", options, origin)
        return self._answer(clientDataJSON=client_data, attestationObject=attestation)

    def sign(self, options, *, count=0, origin=ORIGIN, flags=PRESENT | VERIFIED, host=HOST, signer=None):
        auth_data = self._auth_data(flags, count, host)
        client_data = self._client_data("webauthn.get", options, origin)
        signed = auth_data + hashlib.sha256(client_data).digest()
        signature = (signer or self.key).sign(signed, ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=auth_data, signature=signature)

    def _auth_data(self, flags, count, host):
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _client_data(self, kind, options, origin):
        challenge = options["publicKey"]["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()

    def _answer(self, **response):
        name = websafe_encode(self.credential_id)
        encoded = {part: websafe_encode(content) for part, content in response.items()}
        answer = {"id": name, "rawId": name, "type": "public-key", "response": encoded}
        return json.dumps(answer | {"clientExtensionResults": {}})


def give_password(client, password=PASSWORD):
    return client.post("/login/", {"username": "ops", "password": password})


def is_signed_in(client):
    return client.get("/settings/").status_code == 200


def add(client, key, *, name="Laptop", begin_as="New key", **changes):
    options = client.post(f"{OWN}passkey/begin/", {"name": begin_as}).json()
    return client.post(f"{OWN}passkey/", {"name": name, "credential": key.make(options, **changes)})


def sign(client, key, **changes):
    options = client.post("/login/passkey/begin/").json()
    return client.post("/login/passkey/", {"credential": key.sign(options, **changes)})


@pytest.fixture
def key(client_of, ops):
    """The passkey of ops."""
    key = SoftKey()
    assert len(add(client_of("ops"), key).context["recovery_codes"]) == 10
    return key


def test_a_passkey_signs_in_alone_also_without_passwords(settings, key):
    settings.PASSWORDS = False
    client = Client()
    assert "Sign in with a passkey" in client.get("/login/").text
    assert sign(client, key)["Location"] == "/"
    assert is_signed_in(client)


def test_a_passkey_signs_in_after_the_password(key, ops):
    client = Client()
    client.post("/login/", {"username": "ops", "password": PASSWORD, "next": "/settings/?a=1"})
    options = client.post("/login/passkey/begin/").json()
    assert len(options["publicKey"]["allowCredentials"]) == 1
    answer = client.post("/login/passkey/", {"credential": key.sign(options)})
    assert answer["Location"] == "/settings/?a=1"
    assert is_signed_in(client)


def test_a_passkey_of_another_account_is_no_second_factor(key, client_of):
    add(client_of("planner"), SoftKey())
    sign(Client(), key, count=5)
    client = Client()
    client.post("/login/", {"username": "planner", "password": PASSWORD})
    answer = sign(client, key, count=3)
    assert answer["Location"] == "/login/second/"
    assert "belongs to another account" in client.get("/login/second/").text
    assert not is_signed_in(client)
    factor = SecondFactor.objects.get(credential_id=key.credential_id)
    assert (factor.sign_count, factor.copied_at) == (5, None)
    failure = SecurityEvent.objects.get(action=ACTION.SIGN_IN_FAILED)
    assert (failure.account.username, failure.detail) == ("planner", {"second": True})


def test_a_passkey_confirms(settings, key, frozen_now, client_of):
    settings.CONFIRM_EVERY = timedelta(minutes=30)
    client = client_of("ops")
    frozen_now.move(minutes=31)
    assert client.get(f"{OWN}passkey/").status_code == 302
    assert "Confirm with a passkey" in client.get("/login/confirm/").text
    assert sign(client, SoftKey())["Location"] == "/login/confirm/"
    assert client.get(f"{OWN}passkey/").status_code == 302
    assert sign(client, key).status_code == 302
    assert client.get(f"{OWN}passkey/").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"origin": "https://evil.example"}, id="for another page"),
        pytest.param({"origin": "http://evil.testserver"}, id="for a host below"),
        pytest.param({"host": "evil.example"}, id="made for another host"),
        pytest.param({"flags": PRESENT}, id="without finger, face or PIN"),
        pytest.param({"flags": VERIFIED}, id="without its owner"),
        pytest.param({"signer": ec.generate_private_key(ec.SECP256R1())}, id="signed with another key"),
    ],
)
def test_a_wrong_answer_signs_nobody_in(key, changes):
    client = Client()
    assert sign(client, key, **changes)["Location"] == "/login/"
    assert not is_signed_in(client)


def test_a_challenge_is_answered_once_within_ten_minutes(key, frozen_now):
    client = Client()
    options = client.post("/login/passkey/begin/").json()
    answer = {"credential": key.sign(options)}
    assert client.post("/login/passkey/", answer)["Location"] == "/"
    client.post("/logout/")
    assert client.post("/login/passkey/", answer)["Location"] == "/login/"
    options = client.post("/login/passkey/begin/").json()
    frozen_now.move(minutes=10)
    assert client.post("/login/passkey/", {"credential": key.sign(options)})["Location"] == "/login/"
    assert not is_signed_in(client)


def test_a_copied_passkey_no_longer_signs_in_alone_and_is_told(key, client_of, ops):
    for count, signs_in in ((5, True), (5, False), (0, False), (6, False)):
        client = Client()
        sign(client, key, count=count)
        assert is_signed_in(client) is signs_in
    uses = SecurityEvent.objects.filter(action__in=(ACTION.FACTOR_USED, ACTION.FACTOR_COPIED))
    assert [(event.action, event.account, event.detail) for event in uses.order_by("pk")] == [
        (action, ops, {"factor": "Laptop"})
        for action in (ACTION.FACTOR_USED, ACTION.FACTOR_COPIED, ACTION.FACTOR_COPIED)
    ]
    failures = SecurityEvent.objects.filter(action=ACTION.SIGN_IN_FAILED)
    assert {event.account for event in failures} == {ops}
    assert "It was copied" in client_of("ops").get(OWN).text
    follower = Client()
    give_password(follower)
    assert sign(follower, key, count=5)["Location"] == "/login/second/"
    assert sign(follower, key, count=7)["Location"] == "/"


def test_a_copied_passkey_confirms_nothing(settings, key, frozen_now, client_of):
    settings.CONFIRM_EVERY = timedelta(minutes=30)
    client = client_of("ops")
    sign(Client(), key, count=5)
    sign(Client(), key, count=5)
    frozen_now.move(minutes=31)
    assert sign(client, key, count=6)["Location"] == "/login/confirm/"
    assert client.get(f"{OWN}passkey/").status_code == 302


@pytest.mark.parametrize("count", [0, 7], ids=["of a device that counts nothing", "of a device that counts"])
def test_a_passkey_follows_a_new_password_once_before_it_signs_in_alone(frozen_now, key, ops, count):
    frozen_now.move(minutes=1)
    set_password(ops, NEW_PASSWORD, by=ops, now=frozen_now.at)
    thief = Client()
    assert sign(thief, key, count=count)["Location"] == "/login/"
    assert "Sign in with the password once" in thief.get("/login/").text
    assert not is_signed_in(thief)
    assert SecondFactor.objects.get().last_used_at is None
    frozen_now.move(minutes=1)
    owner = Client()
    give_password(owner, NEW_PASSWORD)
    assert sign(owner, key, count=count and count + 1)["Location"] == "/"
    assert sign(Client(), key, count=count and count + 2)["Location"] == "/"
    assert SecondFactor.objects.get().copied_at is None


def test_a_passkey_that_did_not_follow_a_new_password_confirms_nothing(frozen_now, key, ops):
    frozen_now.move(minutes=1)
    set_password(ops, NEW_PASSWORD, by=ops, now=frozen_now.at)
    client = Client()
    client.force_login(User.objects.get(pk=ops.pk))
    assert is_signed_in(client)
    assert sign(client, key)["Location"] == "/login/confirm/"


def test_the_passkey_of_a_deactivated_user_opens_nothing(key, ops):
    ops.is_active = False
    ops.save()
    client = Client()
    assert sign(client, key)["Location"] == "/login/"


@pytest.mark.parametrize(
    ("name", "new_key", "origin", "reason"),
    [
        pytest.param("Laptop", SoftKey(), ORIGIN, "of this name already", id="the same name"),
        pytest.param("", SoftKey(), ORIGIN, "Give the passkey a name", id="no name"),
        pytest.param("Phone", None, ORIGIN, "was added already", id="the same passkey"),
        pytest.param("Phone", SoftKey(), "https://evil.example", "did not make a passkey", id="another page"),
    ],
)
def test_a_passkey_is_not_added(client_of, key, name, new_key, origin, reason):
    answer = add(client_of("ops"), new_key or key, name=name, origin=origin)
    assert (answer.status_code, answer.context["form"].errors.as_text().count(reason)) == (422, 1)
    assert SecondFactor.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        pytest.param("Laptop", "You have a second factor of this name already.", id="the same name"),
        pytest.param("", "Give the passkey a name.", id="no name"),
    ],
)
def test_no_device_makes_a_passkey_for_a_name_that_is_refused(client_of, key, name, detail):
    answer = client_of("ops").post(f"{OWN}passkey/begin/", {"name": name})
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


@pytest.mark.django_db(transaction=True)
def test_of_two_pages_that_add_the_same_name_one_succeeds(ops, client_of):
    clients, start = [client_of("ops"), client_of("ops")], threading.Barrier(2)

    def add_at_once(client):
        try:
            new_key = SoftKey()
            options = client.post(f"{OWN}passkey/begin/", {"name": "Phone"}).json()
            form = {"name": "Phone", "credential": new_key.make(options)}
            start.wait(timeout=60)
            return client.post(f"{OWN}passkey/", form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pages:
        answers = sorted(pages.map(add_at_once, clients))
    assert (answers, SecondFactor.objects.count()) == ([200, 422], 1)


def test_what_is_no_answer_is_refused(key):
    client = Client()
    client.post("/login/passkey/begin/")
    assert client.post("/login/passkey/", {"credential": "x"}).status_code == 400
    assert client.post("/login/passkey/", {"credential": "{}"})["Location"] == "/login/"


def test_challenges_for_one_address_are_counted(db):
    answers = [Client().post("/login/passkey/begin/") for _ in range(passkeys.PER_ADDRESS + 1)]
    assert [answer.status_code for answer in answers] == [200] * passkeys.PER_ADDRESS + [429]
    assert answers[-1].json()["detail"].startswith("Too many attempts. Try again in ")
    assert int(answers[-1]["Retry-After"]) > 0
    assert SecurityEvent.objects.get(action=ACTION.SIGN_IN_DELAYED).place == "/login/passkey/begin/"


def test_who_signs_in_does_not_count_for_the_address(frozen_now, key):
    for _ in range(passkeys.PER_ADDRESS + 1):
        assert sign(Client(), key)["Location"] == "/"


def test_pages_that_add_and_that_ask_leave_each_other_alone(key, client_of):
    client, new_key = client_of("ops"), SoftKey()
    adding = client.post(f"{OWN}passkey/begin/", {"name": "Phone"}).json()
    asking = client.post("/login/passkey/begin/").json()
    form = {"name": "Phone", "credential": new_key.make(adding)}
    assert client.post(f"{OWN}passkey/", form).status_code == 200
    assert client.post("/login/passkey/", {"credential": key.sign(asking)})["Location"] == "/"

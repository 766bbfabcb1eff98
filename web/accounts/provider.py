"""Sign-in by an OpenID Connect provider: the way there, and what it says of who comes back.

The authorization code flow of OpenID Connect Core 1.0, section 3.1, with PKCE (RFC 7636), state and nonce. The id token
is verified with the keys of the provider although it comes from the provider itself by TLS. Every address is called by
the client that also sends messages, so a provider inside the network stands in MUSTER_DELIVERY_HOSTS.
"""

import hashlib
import hmac
import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from accounts.counting import CountingWindow
from accounts.sign_on import Claims
from web.cached import CachedAnswer
from web.delivery.addresses import AddressRefused, NoAnswer
from web.delivery.http import call

# Signatures with a key pair; those with a shared secret could be made by whoever has the secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S = 60
# Each attempt waits for the provider, and takes a thread meanwhile. High enough for an office behind one address.
PER_ADDRESS, WINDOW_S = 60, 300
_by_address = CountingWindow("provider:address", WINDOW_S)
MOST_GROUPS, LONGEST_GROUP = 1000, 200
# OpenID Connect Core 1.0, section 2.
LONGEST_SUBJECT = 255
# So long a provider that moved one of its addresses may fail. Its keys are fetched for each sign-in.
DISCOVERED_FOR = timedelta(minutes=10)
_discoveries: CachedAnswer[None, Mapping[str, Any]] = CachedAnswer(
    "addresses of the provider", settings=("OIDC_ISSUER", "DELIVERY_HOSTS")
)


class ProviderFails(Exception):
    """The provider does not answer, or not as it should; the message says what."""


class ProviderAway(ProviderFails):
    """The provider cannot be reached or fails itself, whoever signs in."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One way to the provider: what has to come back unchanged, or is needed then. A cookie holds it."""

    state: str
    nonce: str
    verifier: str
    next: str
    confirms: bool = False


def is_configured() -> bool:
    return bool(settings.OIDC_ISSUER)


def wait_s(address: str, *, now: datetime) -> int:
    """Count an attempt from this address; returns the seconds to wait, 0 if it may go on."""
    return _by_address.wait_s(address, most=PER_ADDRESS, now=now)


def note_success(address: str, *, now: datetime) -> None:
    """Whoever left and came back does not count for the address."""
    _by_address.add(address, by=-2, now=now)


def departure(*, next_page: str, confirms: bool) -> Departure:
    """`confirms` asks whoever is signed in to prove again who they are."""
    return Departure(
        secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), next_page, confirms
    )


def address_of(start: Departure, *, redirect_uri: str, now: datetime) -> str:
    """Return the address that the browser goes to. Raises ProviderFails."""
    digest = hashlib.sha256(start.verifier.encode()).digest()
    question = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": redirect_uri,
        "scope": settings.OIDC_SCOPES,
        "state": start.state,
        "nonce": start.nonce,
        "code_challenge": urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    if start.confirms:
        question |= {"prompt": "login", "max_age": "0"}
    endpoint = _text(_discovered(now), "authorization_endpoint")
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(question)}"


def check_answer(start: Departure, query: Mapping[str, str]) -> None:
    """Refuse what comes back from elsewhere, and tell what the provider refused. Raises ProviderFails."""
    if not hmac.compare_digest(query.get("state", "").encode(errors="replace"), start.state.encode()):
        raise ProviderFails("The answer belongs to another sign-in. Begin again.")
    # RFC 9207: a provider that names itself in its answer has to be the one that was asked.
    if query.get("iss", settings.OIDC_ISSUER).rstrip("/") != settings.OIDC_ISSUER:
        raise ProviderFails("The answer comes from another provider.")
    if "code" not in query:
        reason = query.get("error_description") or query.get("error") or "no code"
        raise ProviderFails(f"The provider refused: {reason[:200]}")


def claims_of(start: Departure, *, code: str, redirect_uri: str, now: datetime) -> Claims:
    """Fetch what the provider says of the person who comes back with this code. Raises ProviderFails."""
    configuration = _discovered(now)
    tokens = _tokens(configuration, code, redirect_uri, start.verifier, now)
    id_token = _verified(configuration, _text(tokens, "id_token"), start.nonce, now)
    profile = _profile(configuration, tokens, id_token, now)
    claims = {**id_token, **profile}
    # The provider signed the id token alone.
    signed_or_told = id_token if settings.OIDC_GROUPS_CLAIM in id_token else profile
    _refuse_unwritable(claims)
    # An address and whether it was verified are told by one source.
    mail = profile if "email" in profile else id_token
    return Claims(
        issuer=_text(configuration, "issuer"),
        subject=_text(id_token, "sub"),
        username=str(claims.get("preferred_username") or ""),
        email=str(mail.get("email") or ""),
        has_proven_email=mail.get("email_verified") is True,
        name=str(claims.get("name") or ""),
        groups=_groups(signed_or_told),
        proved_at=_proved_at(configuration, id_token, now),
    )


def _refuse_unwritable(claims: Mapping[str, Any]) -> None:
    """Raise ProviderFails for texts that no column takes."""
    text = json.dumps(claims, ensure_ascii=False)
    if "\\u0000" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ProviderFails("The provider says something with characters that no text has.")
    if len(_text(claims, "sub")) > LONGEST_SUBJECT:
        raise ProviderFails(f"The subject of the provider is longer than {LONGEST_SUBJECT} characters.")


def _proved_at(
    configuration: Mapping[str, Any], id_token: Mapping[str, Any], now: datetime
) -> datetime | None:
    """Return when the person signed in at the provider, which may remember them for days.

    None if the provider leaves that out this time. One that never says so is believed to have asked now.
    """
    auth_time = id_token.get("auth_time")
    if isinstance(auth_time, int):
        with suppress(OverflowError, ValueError, OSError):
            return min(now, datetime.fromtimestamp(auth_time, UTC))
    return None if "auth_time" in _list(configuration, "claims_supported") else now


def _groups(claims: Mapping[str, Any]) -> list[str]:
    """The names of the groups. Raises ProviderFails for anything but a text or a list of texts.

    Whoever is in no group has an empty list; without the claim nobody knows.
    """
    if settings.OIDC_GROUPS_CLAIM not in claims:
        raise ProviderFails(f"The provider leaves out {settings.OIDC_GROUPS_CLAIM}.")
    value = claims[settings.OIDC_GROUPS_CLAIM]
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProviderFails(f"The claim {settings.OIDC_GROUPS_CLAIM} is no list of texts.")
    if len(names) > MOST_GROUPS:
        raise ProviderFails(f"The provider names more than {MOST_GROUPS} groups.")
    return sorted({name[:LONGEST_GROUP] for name in names})


def _discovered(now: datetime) -> Mapping[str, Any]:
    """Return what the provider says of itself, kept for DISCOVERED_FOR. Raises ProviderFails, which is not kept."""
    return _discoveries.value(lambda: _discover(now), now=now, until=lambda _: now + DISCOVERED_FOR)


def _discover(now: datetime) -> Mapping[str, Any]:
    """OpenID Connect Discovery 1.0, section 4: the issuer that it names is the one that was asked."""
    configuration = _json("GET", f"{settings.OIDC_ISSUER}/.well-known/openid-configuration", now=now)
    if str(configuration.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER:
        raise ProviderFails("The provider calls itself by another name than MUSTER_OIDC_ISSUER.")
    return configuration


def _tokens(
    configuration: Mapping[str, Any], code: str, redirect_uri: str, verifier: str, now: datetime
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": settings.OIDC_CLIENT_ID,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    methods = _list(configuration, "token_endpoint_auth_methods_supported")
    # OpenID Connect Discovery 1.0, section 3: without a list it is this one.
    if settings.OIDC_CLIENT_SECRET and (not methods or "client_secret_basic" in methods):
        # RFC 6749, section 2.3.1: both are written as in a form first.
        pair = f"{quote(settings.OIDC_CLIENT_ID, safe='')}:{quote(settings.OIDC_CLIENT_SECRET, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    elif settings.OIDC_CLIENT_SECRET:
        form["client_secret"] = settings.OIDC_CLIENT_SECRET
    return _json(
        "POST",
        _text(configuration, "token_endpoint"),
        body=urlencode(form).encode(),
        headers=headers,
        now=now,
    )


def _verified(
    configuration: Mapping[str, Any], id_token: str, nonce: str, now: datetime
) -> Mapping[str, Any]:
    """Return the claims of an id token that the provider signed for this installation and this sign-in."""
    # It brings `cryptography`, which takes memory that an installation without a provider does not need.
    import jwt

    keys = _json("GET", _text(configuration, "jwks_uri"), now=now)
    try:
        header = jwt.get_unverified_header(id_token)
        key = _key(_list(keys, "keys"), header)
        claims: Mapping[str, Any] = jwt.decode(
            id_token,
            jwt.PyJWK(key, header["alg"]),
            algorithms=list(ALGORITHMS),
            audience=settings.OIDC_CLIENT_ID,
            issuer=_text(configuration, "issuer"),
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise ProviderFails(f"The id token of the provider is not valid: {error}") from error
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(errors="replace"), nonce.encode()):
        raise ProviderFails("The id token belongs to another sign-in. Begin again.")
    # OpenID Connect Core 1.0, section 3.1.3.7: of several readers one is meant.
    is_shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if is_shared else settings.OIDC_CLIENT_ID) != settings.OIDC_CLIENT_ID:
        raise ProviderFails("The id token was made for another program.")
    return claims


def _key(keys: Sequence[Any], header: Mapping[str, Any]) -> dict[str, Any]:
    """The key that signed, by its id, or the only one for signatures. Raises ProviderFails."""
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise ProviderFails(f"The id token of the provider is not valid: it is signed by {algorithm!r}.")
    matching = [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and header.get("kid", key.get("kid")) == key.get("kid")
    ]
    if len(matching) != 1:
        raise ProviderFails("The provider does not publish the key of its id token.")
    return matching[0]


def _profile(
    configuration: Mapping[str, Any], tokens: Mapping[str, Any], id_token: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    """Return what the provider tells beside the id token, about the same person."""
    if "userinfo_endpoint" not in configuration or "access_token" not in tokens:
        return {}
    headers = {"Authorization": f"Bearer {_text(tokens, 'access_token')}"}
    profile = _json("GET", _text(configuration, "userinfo_endpoint"), headers=headers, now=now)
    if profile.get("sub") != id_token["sub"]:
        raise ProviderFails("The provider describes another person, who did not sign in.")
    return profile


def _json(
    method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None, now: datetime
) -> Mapping[str, Any]:
    try:
        answer = call(
            method, url, body=body, headers={"Accept": "application/json", **(headers or {})}, now=now
        )
    except (AddressRefused, NoAnswer) as error:
        raise ProviderAway(str(error)) from error
    if answer.status >= 500:
        raise ProviderAway(f"The provider answers {answer.status}.")
    try:
        content = json.loads(answer.text)
        # Half a character of two can be written in JSON, but never sent on.
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        content = None
    if answer.status != 200 or not isinstance(content, dict):
        reason = content.get("error", "") if isinstance(content, dict) else ""
        raise ProviderFails(f"The provider answers {answer.status} {str(reason)[:200]}".strip() + ".")
    return content


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise ProviderFails(f"The provider leaves out {name}.")
    return value


def _list(content: Mapping[str, Any], name: str) -> list[Any]:
    value = content.get(name)
    return value if isinstance(value, list) else []

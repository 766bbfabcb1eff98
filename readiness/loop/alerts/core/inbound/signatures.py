"""Signatures of Grafana and PagerDuty: HMAC-SHA256 of the bytes of the body, in hexadecimal."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

GRAFANA, GRAFANA_TIME = "x-grafana-alerting-signature", "x-grafana-alerting-timestamp"
PAGERDUTY = "x-pagerduty-signature"
TOLERANCE = timedelta(minutes=5)
"""How far a signed timestamp may be from the clock: an older body may be a copy that somebody sends again."""


def grafana_fault(headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str], now: datetime) -> str:
    """Explain what is wrong with a body's signature; "" if it agrees with one of the secrets. The signature covers the
    timestamp, and one without is refused, since it would be true for ever."""
    signature, stamp = headers.get(GRAFANA, ""), headers.get(GRAFANA_TIME, "")
    if not signature:
        return f"the signature is missing: sign with HMAC, in the header {GRAFANA}"
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return f"the timestamp is missing: name the header {GRAFANA_TIME} for it"
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return "the signed timestamp is more than five minutes from Muster's clock"
    signed = f"{stamp}:".encode() + body
    return "" if _agrees(signed, [signature], secrets) else "the signature does not agree with the secret"


def pagerduty_fault(headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str]) -> str:
    """Explain what is wrong with a body's signature; "" if one agrees. While PagerDuty changes its secret, a header has
    several signatures."""
    parts = [part.strip() for part in headers.get(PAGERDUTY, "").split(",")]
    signatures = [part.removeprefix("v1=") for part in parts if part.startswith("v1=")]
    if not signatures:
        return f"the signature is missing: PagerDuty sends it in {PAGERDUTY}"
    return "" if _agrees(body, signatures, secrets) else "the signature does not agree with the secret"


def _agrees(signed: bytes, signatures: Iterable[str], secrets: Iterable[str]) -> bool:
    expected = [hmac.digest(secret.encode(), signed, hashlib.sha256).hex() for secret in secrets]
    pairs = [(mine, digest) for mine in expected for digest in signatures]
    return any(hmac.compare_digest(mine.encode(), digest.strip().lower().encode()) for mine, digest in pairs)

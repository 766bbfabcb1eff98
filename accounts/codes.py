"""Codes of authenticator apps: time-based one-time passwords of RFC 6238, with SHA-1, six digits and 30 seconds.

Apps know no other variant for certain. Pure functions; secrets are bytes.
"""

import hmac
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
# RFC 4226, section 4: at least 128 bits, 160 recommended.
SECRET_BYTES = 20
# RFC 6238, section 5.2: one step of delay; one ahead is for a clock that runs fast.
STEPS_APART = 1


def code_of(secret: bytes, step: int) -> str:
    """The code of a time step, as RFC 4226 truncates it (section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(at: datetime) -> int:
    return int(at.timestamp()) // STEP_S


def matching_step(secret: bytes, code: str, at: datetime) -> int | None:
    """The time step around `at` whose code this is; None if it is none of these."""
    present = step_of(at)
    for step in range(present - STEPS_APART, present + STEPS_APART + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode(errors="replace")):
            return step
    return None


def spelled(secret: bytes) -> str:
    """The secret as people type it into an app: base32."""
    return b32encode(secret).decode().rstrip("=")


def app_address(secret: bytes, *, account: str, issuer: str) -> str:
    """The address that a QR code gives to an app."""
    label = quote(f"{issuer}:{account}")
    return (
        f"otpauth://totp/{label}?{urlencode({'secret': spelled(secret), 'issuer': issuer}, quote_via=quote)}"
    )

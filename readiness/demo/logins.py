"""Prints the demo's logins without Django: `python -m readiness.demo.logins` runs at each start."""

import base64
import hashlib
import hmac
import os
import sys

import psycopg

# The demo's other people cannot sign in; their names have another prefix (readiness/demo/operations/people.py).
_LOGINS = """
SELECT username FROM accounts_user WHERE is_active AND username NOT LIKE 'demo-%%' AND id IN (
    SELECT jsonb_array_elements_text(made -> 'accounts.User')::bigint FROM demo_demofleet
) ORDER BY id
"""


def password_of(secret_key: str) -> str:
    """The common password of all demo logins: 20 letters and digits in groups of five, derived from the key."""
    digest = hmac.digest(secret_key.encode(), b"muster demo logins", hashlib.sha256)
    letters = base64.b32encode(digest).decode().lower()[:20]
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def lines(names: list[str], secret_key: str) -> list[str]:
    if not names:
        return []
    logins = f"Demo logins, one for each role: {', '.join(names)}"
    return [logins, f"Password of all of them: {password_of(secret_key)}"]


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        names = [name for (name,) in connection.execute(_LOGINS).fetchall()]
    sys.stdout.write("".join(f"{line}\n" for line in lines(names, os.environ["MUSTER_SECRET_KEY"])))


if __name__ == "__main__":
    main()

"""The demo's logins, told without Django: `python -m readiness.demo.logins` is part of each start."""

import base64
import hashlib
import hmac
import os
import sys

import psycopg

# The demo's other people sign in nowhere, and their names begin otherwise (readiness/demo/operations/people.py).
_LOGINS = """
SELECT username FROM accounts_user WHERE is_active AND username NOT LIKE 'demo-%%' AND id IN (
    SELECT jsonb_array_elements_text(made -> 'accounts.User')::bigint FROM demo_demofleet
) ORDER BY id
"""


def password_of(secret_key: str) -> str:
    """The password of all demo logins of the installation with that key: 20 letters and digits in groups of five."""
    digest = hmac.digest(secret_key.encode(), b"muster demo logins", hashlib.sha256)
    letters = base64.b32encode(digest).decode().lower()[:20]
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def lines(names: list[str], secret_key: str) -> list[str]:
    """Return the lines to print; none without logins."""
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

"""A provider of OpenID Connect that answers whatever a test says, and tokens that it signs."""

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class InventedProvider(BaseHTTPRequestHandler):
    """Answers as the test says; `answers` are those of its addresses."""

    def log_message(self, *_arguments):
        pass

    def _send(self):
        answer = self.server.answers[urlsplit(self.path).path]
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        self.server.asked.append(urlsplit(self.path).path)
        self._send()

    def do_POST(self):
        self.server.forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._send()


def signed(server, nonce, *, key=KEY, algorithm="RS256", kid="1", **claims):
    now = datetime.now(UTC)
    content = {
        "iss": server.issuer,
        "aud": "muster",
        "sub": "s-1",
        "nonce": nonce,
        "iat": now,
        "exp": now + timedelta(minutes=5),
    } | claims
    content = {name: value for name, value in content.items() if value is not None}
    return jwt.encode(content, key, algorithm=algorithm, headers={"kid": kid})

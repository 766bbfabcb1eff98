"""A mail server that keeps what it takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.peers.running import free_port


@dataclass(frozen=True)
class Letter:
    """`at_s` is on the monotonic clock."""

    to: str
    at_s: float
    mail: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content())


class Post:
    def __init__(self, port: int) -> None:
        self.port = port
        self.letters: list[Letter] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        self.letters += [Letter(to, time.monotonic(), mail) for to in envelope.rcpt_tos]
        return "250 Taken"

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which Muster sends its mail to this server."""
        return {
            "MUSTER_MAIL_HOST": "127.0.0.1",
            "MUSTER_MAIL_PORT": str(self.port),
            "MUSTER_MAIL_TLS": "none",
            "MUSTER_MAIL_FROM": "Muster <muster@example.org>",
        }

    def of(self, to: str, *, since_s: float = 0, words: str = "") -> list[Letter]:
        """Letters to somebody since an instant, with these words in their text."""
        return [
            letter
            for letter in self.letters
            if letter.to == to and letter.at_s >= since_s and words in letter.text
        ]


@contextmanager
def open_post() -> Iterator[Post]:
    post = Post(free_port())
    server = Controller(post, hostname="127.0.0.1", port=post.port)
    server.start()
    try:
        yield post
    finally:
        server.stop()

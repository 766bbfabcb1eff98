"""Mail through a real server, which takes, refuses and postpones."""

import socket
import ssl
from contextlib import contextmanager
from email import message_from_bytes, policy
from threading import Thread

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.web.delivery.receivers import NOW, certificate, channel, message
from web.delivery.models import Attempt, ChannelKind
from web.delivery.senders import SENDERS

Outcome = Attempt.Outcome


class Post:
    """Takes mail; `answers` are what it says to the recipients, by their names before the @."""

    answers = {"full": "452 4.2.2 The mailbox is full", "gone": "550 5.1.1 Nobody of that name"}

    def __init__(self):
        self.mails = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if answer := self.answers.get(address.partition("@")[0]):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((session.ssl is not None, envelope.rcpt_tos, parsed))
        return "554 5.7.1 Looks like spam" if "spam" in parsed["Subject"] else "250 Taken"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def serve(settings, tmp_path, monkeypatch):
    running = []

    def start(tls="none", name="localhost", **options):
        post = Post()
        if tls == "starttls":
            path = certificate(tmp_path, name)
            options["tls_context"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            options["tls_context"].load_cert_chain(path)
            options |= {"require_starttls": True}
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
        server = Controller(post, hostname="127.0.0.1", port=free_port(), **options)
        server.start()
        running.append(server)
        mailer = {"host": "localhost", "port": server.port, "timeout": 5, "use_tls": tls == "starttls"}
        settings.MAIL_HOST, settings.MAIL_FROM = "localhost", "Muster <muster@example.org>"
        settings.MAILERS = {
            "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": mailer}
        }
        return post

    yield start
    for server in running:
        server.stop()


def send(to="ana@example.org", **more):
    return SENDERS[ChannelKind.MAIL](message(**more), channel("mail", secret="", address=to), NOW)


def test_a_mail_has_both_texts_and_the_same_id_at_each_attempt(serve):
    post = serve()
    for _attempt in range(2):
        answer = send(html="<p>Node 7</p>", order_key="alert:12", subject="Porto:\r\nBcc: all@example.org")
        assert (answer.outcome, answer.status) == (Outcome.TAKEN, 250)
    (_tls, recipients, first), (_tls, _recipients, second) = post.mails
    assert recipients == ["ana@example.org"]
    assert first["Subject"] == "Porto: Bcc: all@example.org"
    assert first["Bcc"] is None
    assert first["Message-ID"] == second["Message-ID"]
    assert first["References"].endswith("@example.org>")
    assert first["Auto-Submitted"] == "auto-generated"
    assert "since 15:58" in first.get_body(("plain",)).get_content()
    assert "<p>Node 7</p>" in first.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    ("to", "subject", "outcome", "status"),
    [
        ("full@example.org", "x", Outcome.AGAIN, 452),
        ("gone@example.org", "x", Outcome.REFUSED, 550),
        ("ana@example.org", "spam", Outcome.REFUSED, 554),
        ("not an address", "x", Outcome.REFUSED, None),
    ],
    ids=["4xx", "5xx", "5xx after the text", "no address"],
)
def test_what_the_server_answers(serve, to, subject, outcome, status):
    serve()
    answer = send(to, subject=subject)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert answer.text


def test_mail_is_encrypted_by_starttls(serve):
    post = serve("starttls")
    assert send().outcome == Outcome.TAKEN
    [(is_encrypted, _recipients, _mail)] = post.mails
    assert is_encrypted


def test_a_server_with_the_certificate_of_another_gets_no_mail(serve):
    post = serve("starttls", name="other.example.org")
    answer = send()
    assert (answer.outcome, post.mails) == (Outcome.AGAIN, [])
    assert "certificate" in answer.text


def test_a_server_without_starttls_gets_no_mail(serve, settings):
    post = serve()
    settings.MAILERS["default"]["OPTIONS"]["use_tls"] = True
    answer = send()
    assert (answer.outcome, post.mails) == (Outcome.AGAIN, [])
    assert "STARTTLS" in answer.text


def test_a_wrong_password_waits_and_is_not_told(serve, settings):
    refuse = lambda *of: AuthResult(success=False, handled=False)  # noqa: E731
    serve(authenticator=refuse, auth_require_tls=False)
    settings.MAILERS["default"]["OPTIONS"] |= {"username": "muster", "password": "hunter2hunter2"}
    answer = send()
    assert (answer.outcome, answer.status) == (Outcome.AGAIN, 535)
    assert "hunter2" not in answer.text


def test_without_a_server_mail_waits(settings):
    settings.MAIL_HOST = ""
    answer = send()
    assert answer.outcome == Outcome.AGAIN
    assert "MUSTER_MAIL_HOST is not set" in answer.text


@contextmanager
def greeting(line):
    """A server that says one line to whoever comes; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet():
            with server.accept()[0] as taken:
                taken.sendall(line)

        thread = Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_what_is_no_mail_server_has_no_status(serve, settings):
    """It says no number that could be one, and smtplib gives -1, which no attempt can keep."""
    serve()
    with greeting(b"SSH-2.0-OpenSSH_10.0\r\n") as port:
        settings.MAILERS["default"]["OPTIONS"]["port"] = port
        answer = send()
    assert (answer.outcome, answer.status) == (Outcome.AGAIN, None)
    assert "OpenSSH" in answer.text


def test_nobody_listens(serve, settings):
    serve()
    settings.MAILERS["default"]["OPTIONS"]["port"] = 1
    answer = send()
    assert (answer.outcome, answer.text) == (
        Outcome.AGAIN,
        "The mail server does not answer: ConnectionRefusedError.",
    )

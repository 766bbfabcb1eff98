"""Mail, through the server of MUSTER_MAIL_HOST."""

from contextlib import suppress
from datetime import datetime
from email.utils import parseaddr
from hashlib import sha256
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from ssl import SSLError

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers

from web.delivery.models import Attempt, Channel, Message
from web.delivery.senders.answers import Answer

NOT_THE_RECIPIENT = (530, 534, 535, 538)
"""The server does not take the installation's name or password: no fault of the message, so it waits."""


def send(message: Message, channel: Channel, now: datetime) -> Answer:
    if not settings.MAIL_HOST:
        return Answer(
            Attempt.Outcome.AGAIN, None, "This installation has no mail server: MUSTER_MAIL_HOST is not set."
        )
    mail = EmailMultiAlternatives(
        " ".join(message.subject.split()),
        message.text,
        settings.MAIL_FROM,
        [channel.address],
        headers=_headers(message),
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    try:
        _send(mail)
    except SMTPRecipientsRefused as error:
        [(code, text), *_others] = error.recipients.values()
        return _refusal(code, text)
    except SMTPResponseException as error:
        return _refusal(error.smtp_code, error.smtp_error)
    except (SMTPException, SSLError) as error:
        return Answer(Attempt.Outcome.AGAIN, None, f"The mail server cannot be used: {error}")
    except OSError as error:
        return Answer(
            Attempt.Outcome.AGAIN, None, f"The mail server does not answer: {type(error).__name__}."
        )
    except ValueError as error:
        return Answer(Attempt.Outcome.REFUSED, None, f"The message cannot be sent as mail: {error}")
    return Answer(Attempt.Outcome.TAKEN, 250, "The mail server took it.")


def _send(mail: EmailMultiAlternatives) -> None:
    mailer = mailers.default
    try:
        mailer.send_messages([mail])
    finally:
        # A connection that failed half-way stays open.
        with suppress(SMTPException, OSError):
            mailer.close()


def _headers(message: Message) -> dict[str, str]:
    """The same at each attempt, so that a reader's program shows the message once, and those of one alert together."""
    headers = {"Message-ID": _message_id(message.key), "Auto-Submitted": "auto-generated"}
    if message.order_key:
        headers["References"] = _message_id(message.order_key)
    return headers


def _message_id(key: str) -> str:
    domain = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "muster.invalid"
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def _refusal(code: int, text: bytes | str) -> Answer:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    is_final = 500 <= code < 600 and code not in NOT_THE_RECIPIENT
    # What greets with anything but a code is no mail server; smtplib calls that -1.
    status = code if 100 <= code < 600 else None
    return Answer(Attempt.Outcome.REFUSED if is_final else Attempt.Outcome.AGAIN, status, words)

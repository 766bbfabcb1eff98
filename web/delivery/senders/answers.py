"""The answer of one attempt, and the meaning of each status of HTTP."""

from dataclasses import dataclass

from web.delivery.http import CallAnswer
from web.delivery.models import Attempt

LONGEST = 300
BUSY = (408, 425, 429)
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is that of HTTP or SMTP, None where nothing answered; `text` is the answer, or why there was none.
    `is_gone` says that the other side takes no more messages, ever."""

    outcome: Attempt.Outcome
    status: int | None
    text: str
    retry_after_s: float | None = None
    is_gone: bool = False


def judge(answer: CallAnswer) -> Answer:
    """2xx took the message. Busy or broken systems are tried again; all others refused it for good.

    The text stays whole: a secret that shortening cut could no longer be taken out.
    """
    status = answer.status
    text = answer.text if readable(answer.text) else f"{status}"
    if 200 <= status < 300:
        return Answer(Attempt.Outcome.TAKEN, status, text)
    if status in BUSY or status >= 500:
        return Answer(Attempt.Outcome.AGAIN, status, text, answer.retry_after_s)
    if 300 <= status < 400:
        return Answer(Attempt.Outcome.REFUSED, status, "It leads elsewhere, and no redirect is followed.")
    return Answer(Attempt.Outcome.REFUSED, status, text, is_gone=status == GONE)


def readable(text: str) -> str:
    """Shorten the words of another system to one line."""
    words = " ".join(
        "".join(letter if letter.isprintable() else " " for letter in text[: 4 * LONGEST]).split()
    )
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"

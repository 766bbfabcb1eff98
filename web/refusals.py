"""Refusals that no view decides: the web process before Django sees a request (`web.serving`), or the database."""

from dataclasses import dataclass

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    heading: str
    detail: str
    retry_after_s: int | None = None


AWAY = Refusal(
    503,
    "Muster is waiting for its database",
    "The database does not answer. Nothing is lost; try again in a moment.",
    RETRY_AFTER_S,
)
TOO_SLOW = Refusal(408, "The request did not come in time", "The body came too slowly. Send it again.")
UNKNOWN = Refusal(401, "Sign in first", "This session or token is not known, or has ended. Sign in first.")
BUSY = Refusal(
    429,
    "You have too much under way",
    "Muster is still at work on what you asked for before. Wait for it first.",
    RETRY_AFTER_S,
)
ANSWER_TOO_LARGE = Refusal(
    413, "This is too much for one file", "The answer is too large. Ask for less, for example with a filter."
)
TOO_LONG = Refusal(
    503,
    "This took too long",
    "The database needed more time for this than it is given. Ask for less, or try again.",
    RETRY_AFTER_S,
)
FAILED = Refusal(
    500,
    "Muster failed to answer",
    "The fault is in Muster's log, under this request's id. Trying again may help.",
)


def too_large(most_bytes: int) -> Refusal:
    return Refusal(
        413, "This is too large", f"The body is larger than the {most_bytes} bytes that are taken here."
    )


def too_large_for_strangers(most_bytes: int) -> Refusal:
    return Refusal(
        413, "This is too large", f"Without a sign-in or a token at most {most_bytes} bytes are taken."
    )

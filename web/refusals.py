"""Refusals outside of views: by the web process before Django (`web.serving`), or by the database."""

from dataclasses import dataclass

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    heading: str
    detail: str
    retry_after_s: int | None = None


class ServiceUnavailable(Exception):
    """A part that Muster needs is away; a subclass says by `refusal` what a reader is told."""

    refusal: Refusal


AWAY = Refusal(
    503,
    "Muster is waiting for its database",
    "The database does not answer. Nothing is lost; try again in a moment.",
    RETRY_AFTER_S,
)
TOO_SLOW = Refusal(
    408, "The request did not arrive in time", "The request body arrived too slowly. Send it again."
)
UNKNOWN = Refusal(401, "Sign in first", "This session or token is unknown or has ended. Sign in first.")
BUSY = Refusal(
    429,
    "You have too many requests under way",
    "Muster is still working on your earlier requests. Wait until they are done.",
    RETRY_AFTER_S,
)
ANSWER_TOO_LARGE = Refusal(
    413, "This is too much for one file", "The answer is too large. Ask for less, for example with a filter."
)
TOO_LONG = Refusal(
    503,
    "This took too long",
    "The database did not answer within the time limit. Ask for less data, or try again.",
    RETRY_AFTER_S,
)
FAILED = Refusal(
    500,
    "Muster failed to answer",
    "Muster's log has the error, under the id of this request. Trying again may help.",
)


def too_large(most_bytes: int) -> Refusal:
    return Refusal(
        413, "This is too large", f"The request body is larger than the {most_bytes} bytes allowed here."
    )


def too_large_for_strangers(most_bytes: int) -> Refusal:
    return Refusal(
        413,
        "This is too large",
        f"Without a sign-in or a token, a request body may have at most {most_bytes} bytes.",
    )

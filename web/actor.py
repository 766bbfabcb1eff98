"""Who acts: what history writes beside each change.

The triggers of django-pghistory read it from the database session, so bulk writes carry it as well. It is entered once
per request, task or command, and completed when more becomes known (a token's user, a message).
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pghistory
from django.db import connection
from pghistory import runtime

if TYPE_CHECKING:
    from accounts.models import Token, User


@contextmanager
def acting(user: "User | str | None", *, message: str = "", request_id: str = "") -> Iterator[None]:
    """Attribute the writes inside to a user, or to a part of Muster by name, such as "demo" or "worker".

    Inside another `acting`, the outer attribution is back after this block.
    """
    metadata = {**_who(user), "message": message, "request_id": request_id, "token": ""}
    with pghistory.context():
        # Events share one row for all that a context says, and pghistory keeps one context until the outermost ends:
        # an inner actor would rewrite who made the changes before. So each block is a context of its own.
        outer = runtime._tracker.value
        runtime._tracker.value = runtime.Context(id=uuid.uuid4(), metadata=metadata)
        try:
            yield
        finally:
            runtime._tracker.value = outer
    _forget()


def identify(user: "User", token: "Token | None" = None) -> None:
    """Say who it is, once a token has shown it. Has no effect outside `acting`."""
    pghistory.context(**_who(user), token=token.prefix if token else "")


def note(message: str) -> None:
    """Add the writer's own words; several messages of one request are joined. Has no effect outside `acting`."""
    with pghistory.context() as context:
        said = [part for part in context.metadata.get("message", "").split("; ") if part]
        if message not in said:
            context.metadata["message"] = "; ".join([*said, message])


def _forget() -> None:
    """The database keeps the context until its transaction ends, which may be later than the block."""
    if (
        connection.in_atomic_block
        and not connection.needs_rollback
        and not hasattr(runtime._tracker, "value")
    ):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pghistory.context_id', '', true)")


def _who(user: "User | str | None") -> dict[str, object]:
    if user is None:
        return {"user": None, "username": ""}
    if isinstance(user, str):
        return {"user": None, "username": user}
    return {"user": user.pk, "username": user.get_username()}

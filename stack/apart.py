"""Runs a function in its own process, which ends with everything it had to load: the launcher stays small."""

import os
import pickle
from collections.abc import Callable


class NoAnswerError(Exception):
    """The process ended without a result."""


def apart[T](ask: Callable[[], T]) -> T:
    """Return what `ask` returns, or raise what it raises. Only for a process with a single thread."""
    answer_out, answer_in = os.pipe()
    child = os.fork()
    if child == 0:
        _write_result(ask, answer_in)
    os.close(answer_in)
    with open(answer_out, "rb") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    if not answer:
        raise NoAnswerError(f"{ask} ended without an answer")
    holds, value = pickle.loads(answer)
    if holds:
        return value  # type: ignore[no-any-return]
    raise value


def _write_result(ask: Callable[[], object], answer_in: int) -> None:
    try:
        try:
            answer = pickle.dumps((True, ask()))
        except Exception as error:
            answer = pickle.dumps((False, error))
        with open(answer_in, "wb") as stream:
            stream.write(answer)
    finally:
        os._exit(0)  # the child must not close or stop what the launcher opened or started

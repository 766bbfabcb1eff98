"""Questions asked in a process of their own: answers and errors come back, what was loaded does not."""

import os
import signal
import sys
from functools import partial

import pytest

from stack.apart import NoAnswerError, apart


def test_the_answer_comes_back() -> None:
    assert apart(partial(divmod, 7, 2)) == (3, 1)


def test_it_is_given_by_another_process() -> None:
    assert apart(os.getpid) != os.getpid()


def test_an_error_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError, match="by zero"):
        apart(partial(divmod, 7, 0))


def test_a_process_that_is_killed_is_an_error() -> None:
    with pytest.raises(NoAnswerError):
        apart(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_what_was_loaded_is_gone() -> None:
    def load() -> bool:
        import this  # noqa: F401  (a module that nobody else loads)

        return "this" in sys.modules

    assert apart(load)
    assert "this" not in sys.modules

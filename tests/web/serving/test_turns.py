"""A reader's requests wait behind each other, and not others behind them."""

import asyncio
from dataclasses import replace

import pytest

from web.bodies import SenderGone
from web.serving.lanes import TooManyAtOnce, Turns
from web.serving.work import FILES

ONE_AT_ONCE = replace(FILES, at_once=1, at_most=2)


def test_a_second_request_waits_a_third_is_refused_and_others_go_on():
    async def try_it():
        turns, steps, first_may_end = Turns(), [], asyncio.Event()

        async def ask(reader, name, until=None):
            async with turns.turn(ONE_AT_ONCE, reader):
                steps.append(name)
                if until is not None:
                    await until.wait()

        first = asyncio.create_task(ask("ada", "first", first_may_end))
        second = asyncio.create_task(ask("ada", "second"))
        await asyncio.sleep(0)
        with pytest.raises(TooManyAtOnce):
            await ask("ada", "third")
        await ask("bob", "another's")
        assert steps == ["first", "another's"]
        first_may_end.set()
        await asyncio.gather(first, second)
        await ask("ada", "later")
        return steps

    assert asyncio.run(try_it()) == ["first", "another's", "second", "later"]


def test_who_left_while_they_waited_takes_no_place():
    async def try_it():
        turns, first_may_end, second_left = (
            Turns(),
            asyncio.Event(),
            asyncio.get_running_loop().create_future(),
        )

        async def ask(gone=None, until=None):
            async with turns.turn(ONE_AT_ONCE, "ada", gone):
                if until is not None:
                    await until.wait()

        first = asyncio.create_task(ask(until=first_may_end))
        second = asyncio.create_task(ask(second_left))
        await asyncio.sleep(0)
        with pytest.raises(TooManyAtOnce):
            await ask()
        second_left.set_result({"type": "http.disconnect"})
        with pytest.raises(SenderGone):
            await second
        third = asyncio.create_task(ask())
        await asyncio.sleep(0)
        assert not third.done(), "the first one's place is still taken"
        first_may_end.set()
        await asyncio.gather(first, third)
        return turns._readers

    assert asyncio.run(try_it()) == {}

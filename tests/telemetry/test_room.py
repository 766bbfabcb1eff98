"""Bytes that requests hold together: who waits, in which order, and for how long."""

import asyncio

import pytest

from telemetry.room import NoRoom, Room, SourceRooms


def test_who_finds_too_little_waits_until_something_is_given_back():
    order = []

    async def hold(room, name, size, until=None):
        async with room.hold(size):
            order.append(name)
            if until:
                await until.wait()

    async def run():
        room, over = Room(100, "full"), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hold(room, "first", 60, over))
            # Large ones are not passed by, though the small one behind would fit.
            for name, size in (("large", 90), ("small", 10), ("larger than all", 500)):
                tasks.create_task(hold(room, name, size))
            while not order:
                await asyncio.sleep(0)
            for _ in range(10):
                await asyncio.sleep(0)
            assert order == ["first"]
            over.set()
        async with room.hold(100):
            order.append("all of it")

    asyncio.run(run())
    assert order == ["first", "large", "small", "larger than all", "all of it"]


def test_who_changes_a_hold_gives_it_back_first():
    async def run():
        room = Room(100, "full")
        async with room.hold(80) as hold:
            await hold.change(100)
            assert hold.size == 100
        async with room.hold(100):
            pass

    asyncio.run(run())


def test_nobody_waits_for_ever(monkeypatch):
    monkeypatch.setattr("telemetry.room.WAIT_S", 0.05)

    async def run():
        room = Room(100, "full")
        async with room.hold(100):
            for _ in range(2):
                with pytest.raises(NoRoom):
                    async with room.hold(1):
                        pass
        async with room.hold(100):
            pass

    asyncio.run(run())


def test_a_place_is_given_back_however_the_request_ends(monkeypatch):
    monkeypatch.setattr("telemetry.room.WAIT_S", 0.05)

    async def fail(places):
        async with places.hold_place(1), places.hold_place(2):
            with pytest.raises(NoRoom, match="more than 1"):
                async with places.hold_place(1):
                    pass
            raise ZeroDivisionError

    async def run():
        places = SourceRooms(1)
        with pytest.raises(ZeroDivisionError):
            await fail(places)
        async with places.hold_place(1), places.hold_place(2):
            pass

    asyncio.run(run())

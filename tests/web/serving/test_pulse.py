"""The question that is put to the database once a second."""

import asyncio
from threading import Thread

from django.db import connection

from web.serving.pulse import Pulse, _look

ANSWER_S = 20


def test_an_ended_connection_is_not_an_absent_database(transactional_db, caplog):
    # This thread's own connection is not to be among those that are ended.
    connection.close()
    ended = asyncio.run(_ended_while_watching())
    assert ended > 0
    assert "the database is away" not in caplog.text


def test_the_look_after_an_ended_connection_sees_the_database_again(transactional_db):
    assert _look().database == "up"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    ending = Thread(target=_end, args=({pid},))
    ending.start()
    ending.join()
    assert [_look().database for _ in range(2)] == ["down", "up"]


async def _ended_while_watching():
    """End the connection of the pulse once, and wait until it has asked over another."""
    pulse = Pulse()
    watching = asyncio.create_task(pulse.watch())
    try:
        first = await asyncio.wait_for(_others_besides(set()), ANSWER_S)
        await asyncio.to_thread(_end, first)
        return len(await asyncio.wait_for(_others_besides(first), ANSWER_S))
    finally:
        watching.cancel()
        await pulse.close()


async def _others_besides(before):
    """Other connections than this one's and those `before`, once there are any."""
    while not (others := await asyncio.to_thread(_others) - before):
        await asyncio.sleep(0.01)
    return others


def _others():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        pids = {pid for (pid,) in cursor.fetchall()}
    connection.close()
    return pids


def _end(pids):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [sorted(pids)])
    connection.close()

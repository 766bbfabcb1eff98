"""The question that is put to the database once a second."""

import asyncio

from django.db import connection

from web.serving.pulse import Pulse

ANSWER_S = 20


def test_an_ended_connection_is_not_an_absent_database(transactional_db, caplog):
    # This thread's own connection is not to be among those that are ended.
    connection.close()
    ended = asyncio.run(_ended_while_watching())
    assert ended > 0
    assert "the database is away" not in caplog.text


async def _ended_while_watching():
    """End the connections of the pulse until it has asked over one that was ended."""
    pulse = Pulse()
    watching = asyncio.create_task(pulse.watch())
    try:
        first = await asyncio.wait_for(_ended_anew(set()), ANSWER_S)
        second = await asyncio.wait_for(_ended_anew(first), ANSWER_S)
        return len(second - first)
    finally:
        watching.cancel()
        await pulse.close()


async def _ended_anew(before):
    """The connections besides this one's, ended, once there is one that is not among `before`."""
    while not (ended := await asyncio.to_thread(_end_others)) - before:
        await asyncio.sleep(0.01)
    return ended


def _end_others():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        pids = {pid for pid, _ in cursor.fetchall()}
    connection.close()
    return pids

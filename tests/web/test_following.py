"""A follower reads every committed row, once for each version that it has not seen, in the order of positions."""

import threading

import pytest
from django.db import connection, transaction

from readiness.assessment.scoring.models import Flip
from tests.readiness.assessment.scoring import stored
from web import following

FIRST = "p2-backup-power"
SECOND = "p2-power-headroom"


class Follower:
    def __init__(self, *, most=100):
        self.position, self.most = 0, most

    def read(self):
        rows = following.rows_after(Flip.objects.filter(subject="check"), self.position, most=self.most)
        self.position = rows[-1].position if rows else self.position
        return [row.key for row in rows]


@pytest.mark.django_db
def test_a_page_goes_on_where_the_last_one_ended():
    site, follower = stored.site(), Follower(most=2)
    for key in (FIRST, SECOND, FIRST):
        stored.flip(site, "check", key, "fail")
    assert follower.read() == []
    following.number(Flip)
    assert [follower.read(), follower.read(), follower.read()] == [[FIRST, SECOND], [FIRST], []]


@pytest.mark.django_db
def test_a_row_that_is_written_again_is_read_again():
    site, follower = stored.site(), Follower()
    flip = stored.flip(site, "check", FIRST, "fail")
    stored.flip(site, "check", SECOND, "fail")
    following.number(Flip)
    follower.read()
    Flip.objects.filter(pk=flip.pk).update(position=None)
    assert follower.read() == []
    following.number(Flip)
    assert [follower.read(), follower.read()] == [[FIRST], []]


@pytest.mark.django_db
def test_positions_of_deleted_rows_are_not_given_again():
    site, follower = stored.site(), Follower()
    newest = stored.flip(site, "check", FIRST, "fail")
    following.number(Flip)
    follower.read()
    newest.delete()
    stored.flip(site, "check", SECOND, "fail")
    following.number(Flip)
    assert follower.read() == [SECOND]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_began_earlier_and_commits_later_is_not_jumped_over():
    site, follower = stored.site(), Follower()
    written, commit = threading.Event(), threading.Event()

    def late():
        try:
            with transaction.atomic():
                stored.flip(site, "check", FIRST, "fail")
                written.set()
                commit.wait(timeout=20)
        finally:
            connection.close()

    worker = threading.Thread(target=late)
    worker.start()
    written.wait(timeout=20)
    stored.flip(site, "check", SECOND, "fail")
    following.number(Flip)
    assert follower.read() == [SECOND]
    commit.set()
    worker.join(timeout=20)
    following.number(Flip)
    assert [follower.read(), follower.read()] == [[FIRST], []]
    assert Flip.objects.get(key=FIRST).pk < Flip.objects.get(key=SECOND).pk


@pytest.mark.django_db(transaction=True)
def test_two_workers_number_each_row_once():
    site = stored.site()
    for _ in range(50):
        stored.flip(site, "check", FIRST, "fail")

    def work():
        following.number(Flip)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=20)
    positions = Flip.objects.filter(subject="check").order_by("pk").values_list("position", flat=True)
    assert list(positions) == sorted(set(positions))
    assert len(positions) == 50

"""A kept answer is read once, until something changes that it depends on."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import CapacityEvent, Manufacturer, Region, Site, SiteChange
from tests.conftest import NOW
from tests.entries import entries_of
from tests.inventory import made
from web import scopes
from web.audit import AuditEntry
from web.cached import ANSWERS, CachedAnswer, UndeclaredAnswer
from web.cached.stamps import stamps_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def answer(request):
    """`answer(...)` declares one, under a name that no other test uses."""
    names = []

    def declare(**declaration):
        names.append(f"{request.node.name} {len(names)}")
        return CachedAnswer(names[-1], **declaration)

    yield declare
    for name in names:
        ANSWERS.pop(name, None)


class Reader:
    """Counts how often it is asked, and answers with the count."""

    def __init__(self):
        self.asked = []

    def __call__(self, missing=None):
        self.asked.append(missing)
        return len(self.asked) if missing is None else {key: (key, len(self.asked)) for key in missing}


def test_it_is_read_again_after_a_write_of_its_models_and_no_other(answer):
    regions, read = answer(models=[Region]), Reader()
    assert [regions.value(read) for _ in range(3)] == [1, 1, 1]
    Manufacturer.objects.create(name="One", slug="one")
    assert regions.value(read) == 1
    made.region(name="Iberia")
    assert regions.value(read) == 2
    Region.objects.update(name="Iberian peninsula")
    assert regions.value(read) == 3


def test_rows_without_a_history_are_noticed_too(answer, django_assert_num_queries):
    site = made.site(name="Porto")
    claims, read = answer(models=[Site], rows=[SiteChange]), Reader()
    assert claims.value(read) == 1
    with django_assert_num_queries(1):
        assert claims.value(read) == 1
    claim = SiteChange.objects.create(site=site, origin=SiteChange.Origin.INVENTORY)
    assert claims.value(read) == 2
    SiteChange.objects.filter(pk=claim.pk).update(origin=SiteChange.Origin.WORKLOAD)
    assert claims.value(read) == 3
    claim.delete()
    assert claims.value(read) == 4


def test_each_scope_and_key_has_its_own(answer):
    regions, read = answer(models=[Region]), Reader()
    assert regions.value(read, key="a") == 1
    assert regions.value(read, key="b") == 2
    with scopes.use_scope(scopes.Scope((("region", "iberia"),), ("{}", "{}", "{}"))):
        assert regions.value(read, key="a") == 3
    assert regions.value(read, key="a") == 1


def test_only_entries_that_changed_or_ended_are_read_again(answer):
    sites, read = answer(models=[Site]), Reader()

    def values(now=NOW, **bases):
        return sites.values(bases, read, now=now, until=lambda value: NOW + value[1] * MINUTE)

    assert values(porto=1, lagos=1) == {"porto": ("porto", 1), "lagos": ("lagos", 1)}
    assert values(porto=1, lagos=2) == {"porto": ("porto", 1), "lagos": ("lagos", 2)}
    assert values(NOW + MINUTE, porto=1, lagos=2) == {"porto": ("porto", 3), "lagos": ("lagos", 2)}
    # An instant before what is kept is read for itself.
    assert values(NOW - MINUTE, lagos=2) == {"lagos": ("lagos", 4)}
    assert read.asked == [["porto", "lagos"], ["lagos"], ["porto"], ["lagos"]]


def test_what_has_no_value_is_left_out(answer):
    assert answer().values({"a": 1, "b": 1}, lambda missing: {"b": 2}) == {"b": 2}


def test_it_ends_with_a_step_of_the_clock(answer):
    late, read = answer(eventual=[SiteChange], grain=MINUTE), Reader()
    assert [late.value(read, now=NOW + second * MINUTE / 60) for second in (0, 59, 60)] == [1, 1, 2]
    with pytest.raises(ValueError, match="pass it now"):
        late.value(read)
    with pytest.raises(ValueError, match="would never show"):
        answer(eventual=[SiteChange])


def test_a_setting_that_it_reads_is_part_of_it(answer, settings):
    floor, read = answer(settings=["TELEMETRY_LIVE_S"]), Reader()
    assert floor.value(read) == 1
    settings.TELEMETRY_LIVE_S += 1
    assert floor.value(read) == 2


def test_it_ends_and_changes_with_the_answers_that_it_reads(answer, django_assert_num_queries):
    inner, read = answer(models=[Region]), Reader()
    outer = answer(models=[Site], answers=[inner])

    def outer_value(now):
        return outer.value(
            lambda: inner.value(read, now=now, until=lambda value: NOW + value * MINUTE), now=now
        )

    with django_assert_num_queries(1):  # The stamps of the outer one serve the inner one as well.
        assert outer_value(NOW) == 1
    assert outer_value(NOW + MINUTE / 2) == 1
    assert outer_value(NOW + MINUTE) == 2
    made.region(name="Iberia")
    assert outer_value(NOW + MINUTE) == 3


def test_an_answer_that_is_read_inside_must_be_declared(answer):
    inner, outer = answer(models=[Region]), answer(models=[Site])
    with pytest.raises(UndeclaredAnswer, match="name it among its answers"):
        outer.value(lambda: inner.value(Reader()))


def test_keys_that_were_used_last_and_entries_that_came_first_stay(answer):
    few, read = answer(most=2, most_entries=2), Reader()
    assert [few.value(read, key=key) for key in ("a", "b", "a", "c", "a", "b")] == [1, 2, 1, 3, 1, 4]
    few.values(dict.fromkeys(range(3)), read, key="sites")
    few.values(dict.fromkeys(range(3)), read, key="sites")
    assert read.asked[-2:] == [[0, 1, 2], [2]]
    assert few.size() == 3


def test_a_failure_keeps_nothing(answer):
    failing, read = answer(), Reader()
    with pytest.raises(ZeroDivisionError):
        failing.value(lambda: 1 // 0)
    assert failing.value(read) == 1


def test_threads_read_the_same(answer):
    busy, together = answer(most=3, most_entries=50), Barrier(8)
    wrong = []

    def ask(number):
        together.wait()
        for turn in range(200):
            key = (number + turn) % 5
            values = busy.values(
                dict.fromkeys(range(turn % 60)), lambda missing, of=key: dict.fromkeys(missing, of), key=key
            )
            wrong.extend(value for value in values.values() if value != key)

    threads = [Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (wrong, busy.size() <= 150) == ([], True)


def test_the_metrics_count_reads_entries_and_age(answer, api_of, frozen_now):
    regions, read = answer(models=[Region]), Reader()
    regions.values({"a": 1, "b": 1}, read)
    frozen_now.move(minutes=5)
    regions.values({"a": 1, "b": 2}, read)
    lines = api_of("viewer", scope="read").get("/metrics").content.decode().splitlines()
    of_answer = {line.split("{")[0]: line for line in lines if f'answer="{regions.name}"' in line}
    results = {
        line.rpartition(" ")[0]: line.rpartition(" ")[2]
        for line in lines
        if f'answer="{regions.name}"' in line
    }
    assert results[f'muster_cached_reads_total{{answer="{regions.name}",result="hit"}}'] == "1.0"
    assert results[f'muster_cached_reads_total{{answer="{regions.name}",result="miss"}}'] == "3.0"
    assert of_answer["muster_cached_entries"].endswith(" 2.0")
    assert of_answer["muster_cached_oldest_seconds"].endswith(" 300.0")


def test_a_stamp_tells_an_entry_that_was_committed_late():
    for name in ("first", "second", "third"):
        made.region(name=name)
    late = entries_of(Region)[1]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        AuditEntry.objects.filter(pk=late.pk).delete()
        before = stamps_of([Region])
        late.save(force_insert=True)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert stamps_of([Region]) != before


def test_stamps_of_many_models_take_one_statement():
    made.site(name="Porto")
    with CaptureQueriesContext(connection) as captured:
        stamps = stamps_of([Site, Region, SiteChange, CapacityEvent])
    assert (len(captured), stamps.keys()) == (1, {Site, Region, SiteChange, CapacityEvent})
    Site.objects.all().delete()
    assert {model for model, stamp in stamps_of(stamps.keys()).items() if stamp != stamps[model]} >= {Site}
    assert stamps_of([]) == {}

"""Heads outside of the database: what they prove, and what happens to a file that is cut, forged, damaged or gone."""

import json
import logging
import re
from datetime import timedelta

import pytest
from django.db import connection

from config import logs
from tests.conftest import NOW
from tests.web.security_log.forging import chain_anew_from, cut_after, event_of_batch, force, verify
from web.request_ids import RequestIdFilter
from web.security_log import chaining, heads
from web.security_log.core.verifying import ChainedBatch
from web.security_log.models import SecurityBatch, SecurityEvent
from web.security_log.recording import record
from web.security_log.standing import LogState, faults, read_standing

pytestmark = pytest.mark.django_db
ACTION = SecurityEvent.Action


def titles(now):
    return [fault.title for fault in faults(now)]


def noted_differences():
    noted = SecurityEvent.objects.filter(action=ACTION.HEADS_DIFFERED).order_by("pk")
    return [event.detail["state"] for event in noted]


def test_a_tail_that_is_rewritten_is_named_from_where(log):
    force("UPDATE web_securityevent SET times = 9 WHERE id = %s", event_of_batch(3).pk)
    chain_anew_from(3)
    assert verify()[1] == [
        "The log was rewritten from batch 3 on: the head that is kept outside is another one."
    ]


def test_an_end_that_is_cut_is_named(log):
    cut_after(3)
    assert verify()[1] == ["The end of the log was cut: Batches 4 to 5 are gone."]
    assert read_standing().state is LogState.CUT
    # What is chained afterwards does not hide it.
    record(ACTION.REFUSED, now=NOW + timedelta(hours=1))
    chaining.chain(now=NOW + timedelta(hours=1))
    assert verify()[1] == ["Batches 4 to 5 are missing."]
    assert noted_differences() == ["cut"]
    assert titles(NOW + timedelta(hours=2)) == ["The security log was cut at its end"]
    assert titles(NOW + timedelta(days=31)) == []


def test_two_people_need_a_third_for_the_copy_elsewhere(log, tmp_path):
    """One alters the database, another the file, and both have the signing key."""
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(heads.path().read_bytes())
    force("UPDATE web_securityevent SET times = 9 WHERE id = %s", event_of_batch(3).pk)
    chain_anew_from(3)
    heads.path().unlink()
    chaining.keep_heads()
    assert verify()[1] == []
    assert verify(heads=copy)[1] == [
        "The log was rewritten from batch 3 on: the head that is kept outside is another one."
    ]


def test_an_end_that_is_cut_in_both_is_seen_only_in_a_copy(log, tmp_path):
    """It needs no key. Events that were put back altered are chained as new ones."""
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(heads.path().read_bytes())
    cut_after(3)
    heads.path().write_text("".join(heads.path().read_text().splitlines(keepends=True)[:3]))
    assert verify()[1] == []
    assert read_standing().state is LogState.AGREES
    assert verify(heads=copy)[1] == ["The end of the log was cut: Batches 4 to 5 are gone."]


def test_a_file_that_was_deleted_leaves_an_event(log):
    """The worker writes and signs the heads again, whatever the log says by then."""
    heads.path().unlink()
    assert titles(NOW + timedelta(minutes=3)) == []
    assert titles(NOW + timedelta(hours=1)) == ["Heads of the security log are missing"]
    for minute in (60, 61):
        record(ACTION.REFUSED, now=NOW + timedelta(minutes=minute))
        chaining.chain(now=NOW + timedelta(minutes=minute))
    assert noted_differences() == ["behind"]
    assert verify()[1] == []


def test_a_copy_may_end_before_the_log(log, tmp_path):
    copy = tmp_path / "copy.jsonl"
    copy.write_text("".join(heads.path().read_text().splitlines(keepends=True)[:2]))
    assert "The copy ends at batch 2." in verify(heads=copy)[0]
    copy.write_text("")
    assert "holds no head" in verify(heads=copy)[0]


def test_a_folder_that_cannot_be_written_holds_up_no_batch(log, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.SECURITY_LOG_DIR = tmp_path / "file" / "folder"
    record(ACTION.REFUSED, now=NOW + timedelta(hours=1))
    with pytest.raises(OSError, match="folder"):
        chaining.chain(now=NOW + timedelta(hours=1))
    assert not SecurityEvent.objects.filter(batch=None).exists()


def lines_of_log(records, form):
    """Return the lines that the worker logs."""
    formatters = logs.configuration("INFO", form)["formatters"]
    formatter = logging.Formatter(formatters[form]["format"]) if form == logs.LINE else logs.JsonFormatter()
    for each in records:
        RequestIdFilter().filter(each)
    return [formatter.format(each) for each in records]


@pytest.mark.parametrize("form", logs.FORMS)
def test_without_a_folder_the_log_of_the_worker_proves_it(ops, settings, caplog, tmp_path, form):
    settings.SECURITY_LOG_DIR = None
    with caplog.at_level("INFO", "web.security_log"):
        for minute in (0, 1):
            record(ACTION.REFUSED, now=NOW + timedelta(minutes=minute))
            chaining.chain(now=NOW + timedelta(minutes=minute))
    assert read_standing().state is LogState.LOGGED
    assert noted_differences() == titles(NOW + timedelta(hours=1)) == []
    lines = lines_of_log([each for each in caplog.records if each.name.startswith("web.security_log")], form)
    if form == logs.JSON:
        # As the expression for jq in the guide.
        lines = [json.loads(line)["message"] for line in lines]
    copy = tmp_path / "copy.jsonl"
    copy.write_text("".join(re.search('{"batch".*}', line)[0] + "\n" for line in lines))
    assert "The copy ends at batch 2." in verify(heads=copy)[0]
    [fault] = verify()[1]
    assert fault.startswith("The heads that are kept outside cannot be read here: no folder is set")


def test_a_machine_that_does_not_share_the_folder_says_so(log, settings, tmp_path):
    copy, folder = heads.path(), tmp_path / "elsewhere"
    settings.SECURITY_LOG_DIR = folder
    [fault] = verify()[1]
    assert f"the folder {folder} is not on this machine" in fault
    assert verify(heads=copy)[1] == []
    assert read_standing().state is LogState.ELSEWHERE
    assert titles(NOW + timedelta(hours=1)) == []
    assert not folder.exists()


def test_a_file_without_the_signing_key_is_named(log):
    force("UPDATE web_securityevent SET times = 9 WHERE id = %s", event_of_batch(5).pk)
    chain_anew_from(5)
    lines = heads.path().read_text().splitlines()
    forged_line = json.loads(lines[-1]) | {"head": bytes(SecurityBatch.objects.last().head).hex()}
    heads.path().write_text("\n".join([*lines[:-1], json.dumps(forged_line, separators=(",", ":"))]) + "\n")
    assert verify()[1] == ["No key of this installation signed the head of batch 5 that is kept outside."]
    assert read_standing().state is LogState.REWRITTEN


def test_without_the_file_nothing_is_proven(log):
    heads.path().unlink()
    assert verify()[1] == ["No head is kept outside after batch 0: nothing proves the batches after it."]


def test_a_line_that_cannot_be_read_is_named_and_stops_nothing(log):
    force("UPDATE web_securityevent SET times = 9 WHERE id = %s", event_of_batch(3).pk)
    with heads.path().open("a") as file:
        file.write("nonsense" * 500 + "\n")
    assert verify()[1] == [
        f"Event {event_of_batch(3).pk} of batch 3 was altered after it was chained.",
        "Line 6 of the heads that are kept outside is no head of the security log.",
    ]
    assert read_standing().state is LogState.UNREADABLE
    assert titles(NOW) == ["The security log has heads outside that cannot be read"]
    record(ACTION.REFUSED, now=NOW + timedelta(hours=1))
    assert chaining.chain(now=NOW + timedelta(hours=1)) == 2


@pytest.mark.parametrize("rest", [b"", b" " * 3000], ids=["short", "longer than a block"])
def test_a_line_that_a_crash_cut_short_is_written_again(log, rest):
    whole = heads.path().read_bytes()
    heads.path().write_bytes(whole[:-20] + rest)
    assert read_standing().state is LogState.BEHIND
    chaining.keep_heads()
    assert heads.path().read_bytes() == whole


def numbers_in_file():
    return [head.number for head in heads.read_heads().heads]


def test_expired_heads_go_once_they_are_a_tenth_of_the_others(heads_folder):
    heads_folder.mkdir()
    heads.append(ChainedBatch(number, NOW, 1, b"", bytes(32)) for number in range(1, 61))
    lines = heads.path().read_bytes().splitlines(keepends=True)
    heads.path().write_bytes(b"".join([*lines[:3], b"nonsense\n", *lines[3:]]))
    heads.drop_before(6)
    assert numbers_in_file() == list(range(1, 61))
    heads.drop_before(7)
    assert numbers_in_file() == list(range(7, 61))
    assert heads.read_heads().unreadable_lines == (1,)
    with heads.path().open("a") as file:
        file.write("nonsense\n")
    heads.drop_before(50)
    assert numbers_in_file() == list(range(7, 61))


def test_a_batch_that_is_chained_while_the_page_looks_is_no_cut(log):
    """Reading the batches first would miss the one whose head the file has by then."""

    def chain_after(execute, sql, *arguments):
        result = execute(sql, *arguments)
        if looks and 'FROM "web_securitybatch"' in sql:
            looks.pop()
            record(ACTION.REFUSED, now=NOW + timedelta(hours=1))
            chaining.chain(now=NOW + timedelta(hours=1))
        return result

    looks = [True]
    with connection.execute_wrapper(chain_after):
        assert read_standing().state is LogState.AGREES
    assert looks == []
    assert heads.last_head().number == 6


def test_a_new_signing_key_signs_what_the_old_one_signed(log, settings, tmp_path):
    settings.SECURITY_LOG_DAYS = 1
    record(ACTION.REFUSED, now=NOW + timedelta(days=4))
    chaining.chain(now=NOW + timedelta(days=4))
    chaining.drop_expired(now=NOW + timedelta(days=4))
    chaining.chain(now=NOW + timedelta(days=4))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another key of many characters",
    )
    assert verify()[1] == []
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(heads.path().read_bytes())
    chaining.sign_anew()
    settings.SECRET_KEY_FALLBACKS = []
    assert verify()[1] == verify(heads=copy)[1] == []

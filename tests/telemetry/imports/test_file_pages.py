"""Files of samples on pages: upload, form, preview, storing, and what is refused."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from telemetry import drain, tasks
from telemetry.imports import forgetting, operations, storing
from telemetry.imports.mapping import CONTENT_CHOICES
from telemetry.models import ImportedFile, ImportRule, InboxBatch, Series
from tests.inventory import made
from tests.telemetry.pages.conftest import words
from tests.telemetry.sending import stored
from web.audit import AuditEntry

pytestmark = pytest.mark.django_db
HEAD = "Zeit;PDU A1 Leistung [kW];Bemerkung"
POWER = "rPDU2DeviceStatusPower"
CODES = {word: code for code, word in CONTENT_CHOICES}


def german(at, lines=3, *, power="1,5", extra=()):
    rows = [f"{at - timedelta(minutes=n):%d.%m.%Y %H:%M:%S};{power};ok" for n in range(lines)]
    return "\r\n".join([HEAD, *rows, *extra, ""])


@pytest.fixture
def pdu(porto):
    return made.device(site=porto, name="PDU A1")


@pytest.fixture
def ops(client_of):
    return client_of("ops")


def address(source):
    return f"/telemetry/sources/{source.pk}/import/"


def upload(client, source, content, name="meters.csv"):
    if isinstance(content, str):
        content = content.encode()
    return client.post(address(source), {"file": SimpleUploadedFile(name, content), "text": ""})


def form(**fields):
    return {
        "separator": "semicolon", "decimal": "comma", "dates": "day-first", "zone": "UTC", "labels": "",
        "content-0": CODES["Time"], "content-1": CODES["Values of a metric"], "use-1": POWER, "unit-1": "kW",
        "object-1": "instance=PDU A1", "content-2": CODES["Not read"],
    } | fields  # fmt: skip


def sent_file(client, source, content):
    response = upload(client, source, content)
    assert response.status_code == 302, words(response)
    return ImportedFile.objects.get(pk=int(response["Location"].split("/")[-2]))


def store(client, file, **fields):
    """Look at the preview, then store."""
    for action in ("preview", "store"):
        response = client.post(f"{address(file.source)}{file.pk}/", form(action=action, **fields))
    return response


def counts(file):
    file.refresh_from_db()
    return file.state, file.stored_values, file.repeated_values, file.refused_values


def test_a_file_is_uploaded_described_and_stored(ops, sender, pdu, frozen_now):
    file = sent_file(ops, sender.source, german(sender.at(0)))
    assert (file.separator, file.decimal, file.dates, file.lines) == ("semicolon", "comma", "day-first", 4)
    page = words(ops.get(f"{address(sender.source)}{file.pk}/"))
    assert "line 1 names the columns" in page
    assert store(ops, file).status_code == 302
    assert counts(file) == ("done", 3, 0, 0)
    drain.drain(now=sender.at(1))
    assert [value for _, _, value in stored()] == [1500.0] * 3
    series = Series.objects.get()
    assert (series.metric, series.device) == (POWER, pdu)
    entry = AuditEntry.objects.filter(table="telemetry_importedfile").latest("pk")
    assert (entry.username, entry.message) == ("ops", "Stored from meters.csv")
    assert bytes(file.content) == b""
    page = ops.get(f"{address(sender.source)}{file.pk}/").text
    [history] = re.findall(r'href="(/history/[^"]+)"[^>]*>.{0,200}?History', page, re.DOTALL)
    assert "Stored from meters.csv" in words(ops.get(history.replace("&amp;", "&")))


@pytest.mark.parametrize(("unit", "watts"), [("kW", 1500), ("", 130)])
def test_a_unit_rule_reads_columns_that_name_no_unit(ops, sender, pdu, unit, watts):
    """The meter sends kW; by the rule 1.5 is 1.5 times 2 plus 10 of the exporter's ten watts."""
    sender.source.unit_rules.create(metric=POWER, factor=2, offset=10)
    file = sent_file(ops, sender.source, german(sender.at(0)))
    assert store(ops, file, **{"unit-1": unit}).status_code == 302
    assert counts(file) == ("done", 3, 0, 0)
    drain.drain(now=sender.at(1))
    assert [value for _, _, value in stored()] == pytest.approx([watts] * 3)


def test_the_preview_shows_what_would_be_stored(ops, sender, pdu):
    file = sent_file(ops, sender.source, german(sender.at(0), extra=["kaputt;1;x"]))
    there = f"{address(sender.source)}{file.pk}/"
    assert ops.post(there, form(action="preview")).status_code == 302
    page = ops.get(there)
    cells = [
        re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row_of(page, "value-1"))
    ]
    assert cells == ["2", f"{sender.at(0):%-d %b %Y %H:%M:%S} UTC", "Porto", "PDU A1", "PDU power", "1.5 kW"]
    assert "kaputt is no time" in row_of(page, "refused-1")
    assert not InboxBatch.objects.exists()


def row_of(response, name):
    return re.search(rf'<tr id="row-{name}">(.*?)</tr>', response.text, re.DOTALL)[1]


def test_what_was_not_seen_in_the_preview_is_not_stored(ops, sender, pdu):
    file = sent_file(ops, sender.source, german(sender.at(0)))
    store(ops, file, zone="Nowhere/At_all")
    response = ops.post(f"{address(sender.source)}{file.pk}/", form(action="store", **{"unit-1": "W"}))
    assert response.status_code == 409
    assert "You changed the form" in words(response)
    assert "1.5 W" in row_of(response, "value-1")
    assert counts(file) == ("mapping", 0, 0, 0)
    ops.post(f"{address(sender.source)}{file.pk}/", form(action="store", **{"unit-1": "W"}))
    assert counts(file) == ("done", 3, 0, 0)


def test_the_same_file_twice_doubles_nothing(ops, sender, pdu):
    for state in (("done", 3, 0, 0), ("done", 0, 3, 0)):
        file = sent_file(ops, sender.source, german(sender.at(0)))
        store(ops, file)
        assert counts(file) == state
    drain.drain(now=sender.at(1))
    file = sent_file(ops, sender.source, german(sender.at(0), lines=5))
    store(ops, file)
    assert counts(file) == ("done", 2, 3, 0)
    file = sent_file(ops, sender.source, german(sender.at(0), lines=2, power="9"))
    store(ops, file)
    assert counts(file) == ("done", 0, 0, 2)
    assert "another value of this series stands at this time already" in bytes(file.refused_lines).decode()


def test_refused_lines_are_a_file_with_reasons(ops, sender, pdu):
    old, zero = sender.at(-3 * 86_400), "=1+1;1,5;x"
    extra = [f"{old:%d.%m.%Y %H:%M};1;alt", zero, f"{sender.at(-7200):%d.%m.%Y %H:%M:%S};=1+1;x", "a;b"]
    file = sent_file(ops, sender.source, german(sender.at(0), extra=extra))
    store(ops, file)
    assert counts(file) == ("done", 3, 0, 4)
    response = ops.get(f"{address(sender.source)}{file.pk}/?refused=csv")
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert rows[0] == ["line", "column", "refused because"]
    assert [row[0] for row in rows[1:]] == ["5", "6", "7", "8"]
    assert "too old: Muster takes samples from" in rows[1][2]
    assert rows[2][2].startswith("'=1+1 is no time")
    assert rows[3][1:] == ["PDU A1 Leistung [kW]", "column PDU A1 Leistung [kW]: =1+1 is no number"]
    assert rows[4][2] == "2 cells, and the first line names 3"


def test_day_and_month_are_asked_and_never_guessed(ops, sender, pdu):
    at = "03.04.2026 10:00:00"
    file = sent_file(ops, sender.source, f"{HEAD}\n{at};1,5;x\n")
    assert file.asks_dates
    there = f"{address(sender.source)}{file.pk}/"
    assert "Say which part comes first" in words(ops.get(there))
    response = store(ops, file, dates="")
    assert response.status_code == 422
    assert "Say whether day or month comes first" in words(response)
    file.refresh_from_db()
    assert file.state == "mapping"


def test_a_form_is_kept_as_a_rule_and_offered_to_the_next_file(ops, sender, pdu):
    file = sent_file(ops, sender.source, german(sender.at(0)))
    there = f"{address(sender.source)}{file.pk}/"
    assert ops.post(there, form(action="keep", rule_name="Meters")).status_code == 422
    assert ops.post(there, form(action="keep", rule_name="meters")).status_code == 302
    rule = ImportRule.objects.get()
    assert rule.columns.splitlines()[1] == f"PDU A1 Leistung [kW] = metric {POWER}{{instance=PDU A1}} in kW"
    assert ops.post(there, form(action="keep", rule_name="meters")).status_code == 422
    other = sent_file(ops, sender.source, german(sender.at(-600)))
    there = f"{address(sender.source)}{other.pk}/"
    assert f"follow-rule-{rule.pk}" in ops.get(there).text
    assert ops.post(there, {"action": f"follow-rule-{rule.pk}"}).status_code == 302
    other.refresh_from_db()
    assert (other.columns, other.zone) == (rule.columns, "UTC")
    assert ops.post(there, {"action": "follow-rule-x"}).status_code == 409


def test_what_is_wrong_in_the_form_is_told_and_kept(ops, sender, pdu):
    file = sent_file(ops, sender.source, german(sender.at(0)))
    for fields, reason in (
        ({"use-1": ""}, "The column PDU A1 Leistung [kW] needs a metric."),
        ({"unit-1": "°C"}, "°C cannot become W"),
        ({"content-0": CODES["Not read"]}, "Exactly one column holds the time"),
        ({"zone": "Europe/Nowhere"}, "Nowhere"),
        ({"labels": "x"}, "Enter labels as name=value"),
        ({"separator": "dot"}, "needs a correction"),
    ):
        response = store(ops, file, **fields)
        assert response.status_code == 422
        assert reason in words(response).replace("&#x27;", "'"), fields
    response = store(ops, file, **{"use-1": "no such-metric"})
    assert 'value="no such-metric"' in response.text
    assert ops.post(f"{address(sender.source)}{file.pk}/", {"action": "explode"}).status_code == 400


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"  \n", "The file is empty."),
        (b"a;b\n", "No line names columns above lines with a time."),
        ("Zeit;kW\n24.11.2026 10:00;1\n".encode("utf-16-le"), "zero bytes and no mark"),
        (b"time,v\n2026-11-24T10:00Z,\x81\xff\n", "Line 2: this is not UTF-8"),
        (b'time,v\n2026-11-24T10:00Z,"1\n', "cannot be read as a table"),
        (b"time,v\0\n2026-11-24T10:00Z,1\n", "a name of a column is too long or has a zero byte"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused(ops, sender, content, reason):
    response = upload(ops, sender.source, content)
    assert response.status_code == 422
    assert reason in words(response)
    assert not ImportedFile.objects.exists()


def test_text_is_pasted(ops, sender, pdu):
    response = ops.post(address(sender.source), {"text": german(sender.at(0))})
    assert response.status_code == 302
    assert ImportedFile.objects.get().file_name == "pasted text"


def test_a_paused_source_takes_no_file(ops, sender, pdu):
    sender.source.paused = True
    sender.source.save()
    assert "is paused" in words(upload(ops, sender.source, german(sender.at(0))))


def test_a_large_file_is_stored_part_by_part_and_goes_on(ops, sender, pdu, monkeypatch, frozen_now):
    monkeypatch.setattr(storing, "PART", 10)
    monkeypatch.setattr(operations, "MOST_LINES_AT_ONCE", 0)
    queued = []
    monkeypatch.setattr(operations.store_imported_file, "apply_async", lambda **given: queued.append(given))
    file = sent_file(ops, sender.source, german(sender.at(0), lines=45))
    assert store(ops, file).status_code == 302
    assert queued == [{"kwargs": {"pk": file.pk}, "queue": "default", "expires": 86_400, "retry": False}]
    assert 'hx-trigger="every 1s"' in ops.get(f"{address(sender.source)}{file.pk}/").text
    take = storing._FileStore._accept
    parts = []

    def fail_at_third(self, *args):
        parts.append(1)
        if len(parts) == 3:
            raise ValueError("the worker dies here")
        return take(self, *args)

    monkeypatch.setattr(storing._FileStore, "_accept", fail_at_third)
    storing.store_file(file.pk, now=frozen_now.at)
    assert counts(file) == ("failed", 20, 0, 0)
    assert ops.post(f"{address(sender.source)}{file.pk}/", {"action": "go-on"}).status_code == 302
    operations.store_imported_file(pk=file.pk)
    assert counts(file) == ("done", 45, 0, 0)
    drain.drain(now=sender.at(1))
    assert len(stored()) == 45


def test_a_source_stores_one_file_at_a_time(ops, sender, pdu, frozen_now):
    first, second = (sent_file(ops, sender.source, german(sender.at(0))) for _ in range(2))
    ImportedFile.objects.filter(pk=first.pk).update(state="storing", progressed_at=frozen_now.at)
    response = store(ops, second)
    assert response.status_code == 409
    assert f"Another file of {sender.source.name} is being stored" in words(response)
    assert counts(second) == ("mapping", 0, 0, 0)
    operations.cancel(first, now=frozen_now.at)
    store(ops, second)
    assert counts(second) == ("done", 3, 0, 0)


def test_a_list_of_refused_lines_that_is_cut_says_so(ops, sender, pdu, monkeypatch):
    monkeypatch.setattr(storing, "MOST_REFUSED_BYTES", 200)
    monkeypatch.setattr(storing, "PART", 2)
    file = sent_file(ops, sender.source, german(sender.at(0), extra=[f"kaputt {n};1;x" for n in range(30)]))
    assert "Exactly one column holds the time" in words(ops.get(f"{address(sender.source)}{file.pk}/"))
    store(ops, file)
    assert counts(file) == ("done", 3, 0, 30)
    lines = bytes(file.refused_lines).decode().splitlines()
    assert lines[-1] == ",,Muster lists no further refused lines"
    assert len(lines) < 12


def test_a_cancelled_file_stops(ops, sender, pdu, monkeypatch):
    file = sent_file(ops, sender.source, german(sender.at(0)))
    there = f"{address(sender.source)}{file.pk}/"
    assert ops.post(there, {"action": "discard"}).status_code == 302
    assert "Cancelled" in words(ops.get(there))
    assert store(ops, file).status_code == 409
    assert not InboxBatch.objects.exists()


def test_a_source_of_several_sites_asks_for_the_site(ops, sender_of, porto, pdu):
    sender = sender_of(site_label="site", name="all")
    file = sent_file(ops, sender.source, german(sender.at(0)))
    response = store(ops, file)
    assert response.status_code == 422
    assert store(ops, file, site="porto").status_code == 302
    file.refresh_from_db()
    assert (file.labels, file.state) == ("site=porto", "done")


def test_only_those_who_may_import_see_the_pages(client_of, user_of, client, sender, pdu, ops):
    file = sent_file(ops, sender.source, german(sender.at(0)))
    for there in (address(sender.source), f"{address(sender.source)}{file.pk}/"):
        assert client_of("viewer").get(there).status_code == 403
    made.site(name="Lyon", slug="lyon")
    client.force_login(user_of("ops", username="lyon", scopes=[("site", "lyon")]))
    for there in (address(sender.source), f"{address(sender.source)}{file.pk}/"):
        assert client.get(there).status_code == 404
        assert client.post(there, form(action="store")).status_code == 404
    client.force_login(user_of("ops", username="porto", scopes=[("site", "porto")]))
    own = sent_file(client, sender.source, german(sender.at(0), lines=2))
    assert store(client, own).status_code == 302
    assert counts(own) == ("done", 2, 0, 0)


def test_no_one_imports_for_a_site_outside_their_scopes(user_of, client, sender_of, porto, pdu):
    made.site(name="Lyon", slug="lyon")
    shared = sender_of(site_label="site", name="all")
    client.force_login(user_of("ops", username="porto", scopes=[("site", "porto")]))
    assert upload(client, shared.source, german(shared.at(0))).status_code in {403, 404}
    assert not ImportedFile.objects.exists()


def test_a_number_that_no_file_has_is_not_found(ops, sender):
    for number in (0, 7, 10**30):
        assert ops.get(f"{address(sender.source)}{number}/").status_code == 404


def test_the_list_of_files_has_a_budget(ops, sender, pdu, django_assert_max_num_queries):
    for _ in range(5):
        sent_file(ops, sender.source, german(sender.at(0)))
    with django_assert_max_num_queries(20):
        page = words(ops.get(address(sender.source)))
    assert page.count("meters.csv") == 5


@pytest.mark.parametrize(
    "fields", [{"state": "lost"}, {"state": "done"}, {"lines_done": 99}, {"dates": "any"}]
)
def test_the_database_refuses_states_that_do_not_exist(ops, sender, pdu, fields):
    file = sent_file(ops, sender.source, german(sender.at(0)))
    with transaction.atomic(), pytest.raises(IntegrityError):
        ImportedFile.objects.filter(pk=file.pk).update(**fields)


def test_old_files_are_forgotten(ops, sender, pdu, frozen_now):
    old = sent_file(ops, sender.source, german(sender.at(0)))
    frozen_now.at += timedelta(days=8)
    assert tasks.forget_files() == 1
    assert tasks.forget_files() == 0
    old.refresh_from_db()
    assert (old.state, bytes(old.content)) == ("cancelled", b"")


def test_files_that_name_a_person_are_forgotten(ops, sender, pdu):
    open_file = sent_file(ops, sender.source, german(sender.at(0), extra=["Ana Sousa;1;x"]))
    done = sent_file(ops, sender.source, german(sender.at(0), extra=["Ana Sousa;1;x"]))
    other = sent_file(ops, sender.source, german(sender.at(0)))
    store(ops, done)
    forgetting.forget_naming(["ana sousa"])
    assert set(ImportedFile.objects.all()) == {done, other}
    done.refresh_from_db()
    assert (done.stored_values, bytes(done.refused_lines)) == (3, b"")
    assert open_file not in ImportedFile.objects.all()

"""Files as meters, building management systems and spreadsheets write them: what is detect_table, stored, refused."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from telemetry import drain
from telemetry.imports import operations
from telemetry.imports.core.detection import UnreadableTable
from telemetry.models import ImportedFile
from tests.inventory import made
from tests.telemetry.sending import stored

pytestmark = pytest.mark.django_db
GPU = "DCGM_FI_DEV_GPU_TEMP"
T = "t"
"""The name of the column of temperatures in these files."""


@dataclass(frozen=True)
class Nasty:
    """`text` may name instants as {0}, {1}, … minutes ago, written by `times`. `stored` and `refused` count values."""

    text: str
    times: str = "%Y-%m-%dT%H:%M:%SZ"
    stored: int = 2
    refused: int = 0
    charset: str = "utf-8"
    fields: dict = field(default_factory=dict)
    detects: dict = field(default_factory=dict)
    repeated: int = 0


DE, US = "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"
FILES = {
    "plain": Nasty("time,t\n{0},40\n{1},41\n", detects={"separator": "comma", "decimal": "point"}),
    "German PDU": Nasty(
        "Zeitstempel;t\r\n{0};40,5\r\n{1};41,25\r\n",
        DE,
        detects={"separator": "semicolon", "decimal": "comma", "dates": "day-first", "zone": "UTC"},
    ),
    "thousands with decimal commas": Nasty("Zeit;t\n{0};1.040,5\n{1};0,5\n", DE, detects={"decimal": "comma"}),
    "thousands with decimal points": Nasty('time,t\n{0},"1,040.5"\n{1},0.5\n'),
    "spaces that do not break": Nasty("Zeit;t\n{0};1\u202f040,5\n{1};1\u00a0041,5\n", DE),
    "American clock of twelve hours": Nasty("Date/Time,t\n{0},70\n{1},71\n", US, detects={"dates": "month-first"}),
    "spreadsheet in UTF-16": Nasty("Zeit\tt\r\n{0}\t40,5\r\n{1}\t41,5\r\n", DE, charset="utf-16",
                                   detects={"charset": "utf-16", "separator": "tab"}),
    "spreadsheet with semicolons in UTF-16": Nasty("Zeit;t\r\n{0};40,5\r\n{1};41\r\n", DE, charset="utf-16"),
    "mark of UTF-8": Nasty("time,t\n{0},40\n{1},41\n", charset="utf-8-sig", detects={"charset": "utf-8"}),
    "Windows-1252": Nasty("Zeit;t;Gerät\n{0};40;Kühler\n{1};41;Kühler\n", DE, charset="cp1252",
                          detects={"charset": "cp1252"}),
    "titles above the header": Nasty("Building 4\nExported by j.doe\n\ntime,t\n{0},40\n{1},41\n",
                                     detects={"header_line": 4}),
    "wide titles above the header": Nasty("Report;Building 4;\nUser;j.doe;\ntime;t;\n{0};40;\n{1};41;\n",
                                          detects={"header_line": 3}),
    "trailer behind an empty line": Nasty("time,t\n{0},40\n{1},41\n\nEnd of report\n"),
    "total in the last line": Nasty("time;t\n{0};40\n{1};41\nSumme;81\n", refused=1),
    "trailer with numbers": Nasty("time,t\n{0},40\n{1},41\n{2},41\n\nMinimum,40\nMaximum,41\n", stored=3, refused=2),
    "units below the header": Nasty("time,t\n,°C\n{0},40\n{1},41\n", refused=1),
    "header twice": Nasty("time,t\n{0},40\ntime,t\n{1},41\n"),
    "the same line twice": Nasty("time,t\n{0},40\n{0},40\n{1},41\n", repeated=1),
    "two values at one instant": Nasty("time,t\n{0},40\n{0},50\n{1},41\n", refused=1),
    "one line": Nasty("time,t\n{0},40\n", stored=1),
    "no end of line at the end": Nasty("time,t\n{0},40\n{1},41"),
    "ends of lines of old Macs": Nasty("time,t\r{0},40\r{1},41\r"),
    "quoted ends of lines": Nasty('time,"t","Note\n(optional)"\n{0},40,"two\nlines"\n{1},41,""\n'),
    "quoted separators": Nasty('"time","note","t"\n"{0}","a,b;c","40"\n"{1}","","41"\n'),
    "duplicated columns": Nasty("time,t,kW,kW\n{0},40,1,2\n{1},41,1,2\n"),
    "a column without a name": Nasty("time,,t\n{0},x,40\n{1},y,41\n"),
    "separators at the end of lines": Nasty("time;t;;;\n{0};40;;;\n{1};41;;;\n"),
    "cells missing at the end": Nasty("time;t;a;b\n{0};40;1;2\n{1};41\n", stored=1, refused=1),
    "too many cells": Nasty("time,t\n{0},40,9\n{1},41\n", stored=1, refused=1),
    "zero bytes in a line": Nasty("time,t\n{0},40\n\0\0\0,\0\n{1},41\n", refused=1),
    "formulas": Nasty("time,t,=1+1\n{0},=1+1,x\n{1},41,x\n", stored=1, refused=1),
    "words for no reading": Nasty("time,t\n{0},n/a\n{1},--\n{2},40\n", stored=1, refused=2),
    "not a number": Nasty("time,t\n{0},NaN\n{1},40\n", stored=1, refused=1),
    "infinite": Nasty("time,t\n{0},1e999\n{1},40\n", stored=1, refused=1),
    "empty cells are no values": Nasty("time,t,u\n{0},,x\n{1},41,x\n", stored=1),
    "date and time of day apart": Nasty("Datum;Uhrzeit;t\n{0};40\n{1};41\n", "%d.%m.%Y;%H:%M:%S"),
    "years first with slashes": Nasty("time,t\n{0},40\n{1},41\n", "%Y/%m/%d %H:%M:%S"),
    "seconds since 1970": Nasty("ts,t\n{0},40\n{1},41\n", "%s"),
    "milliseconds since 1970": Nasty("ts,t\n{0},40\n{1},41\n", "%s000"),
    "offsets of their own": Nasty("time,t\n{0},40\n{1},41\n", "%Y-%m-%dT%H:%M:%S+00:00"),
    "pipes": Nasty("time|t\n{0}|40\n{1}|41\n", detects={"separator": "pipe"}),
    "older than raw samples": Nasty("time,t\n{0},40\n{9000},41\n", stored=1, refused=1),
    "in the future": Nasty("time,t\n{0},40\n{-600},41\n", stored=1, refused=1),
    "blank lines between": Nasty("time,t\n\n{0},40\n\n\n{1},41\n\n"),
}  # fmt: skip


class Instants(dict):
    def __init__(self, at, pattern):
        super().__init__()
        self.at, self.pattern = at, pattern

    def __missing__(self, minutes):
        at = self.at - timedelta(minutes=int(minutes))
        text = self.pattern.replace("%s", str(int(at.timestamp())))
        return at.strftime(text)


def content_of(nasty, at):
    text = nasty.text
    instants = Instants(at, nasty.times)
    for minutes in (0, 1, 2, 9000, -600):
        text = text.replace(f"{{{minutes}}}", instants[minutes])
    return text.encode(nasty.charset)


@pytest.fixture
def source(sender):
    made.device(site=sender.source.site, name="gpu-01")
    return sender.source


def begin(source, content, by, now):
    return operations.begin(source=source, content=content, name="file.csv", by=by, now=now)


@pytest.mark.parametrize("name", FILES)
def test_a_real_file(name, source, sender, user_of):
    nasty, by, now = FILES[name], user_of("ops"), sender.at(0)
    file = begin(source, content_of(nasty, now), by, now)
    for detail, value in nasty.detects.items():
        assert getattr(file, detail) == value, detail
    columns = [
        line if " = time" in line or " = date" in line else nothing(line)
        for line in file.columns.splitlines()
    ]
    asked = {"dates": "month-first"} if file.asks_dates else {}
    operations.describe(
        file, {"zone": "UTC", **asked, "columns": "\n".join(columns), "labels": "gpu=0, instance=gpu-01"}
    )
    operations.start(file, by=by, now=now)
    file = ImportedFile.objects.get(pk=file.pk)
    assert (file.state, file.problem) == ("done", "")
    assert (file.stored_values, file.repeated_values, file.refused_values) == (
        nasty.stored,
        nasty.repeated,
        nasty.refused,
    )
    refused_lines = bytes(file.refused_lines).decode().splitlines()
    assert len(refused_lines[1:]) == nasty.refused
    drain.drain(now=sender.at(1))
    assert len(stored()) == nasty.stored
    again = begin(source, content_of(nasty, now), by, now)
    operations.describe(
        again, {"zone": "UTC", **asked, "columns": "\n".join(columns), "labels": "gpu=0, instance=gpu-01"}
    )
    operations.start(again, by=by, now=now)
    again.refresh_from_db()
    assert (again.stored_values, again.repeated_values) == (0, nasty.stored + nasty.repeated)
    assert again.refused_values == nasty.refused
    drain.drain(now=sender.at(1))
    assert len(stored()) == nasty.stored


def nothing(line):
    """The column T is a metric; others are not read."""
    name = line.rpartition(" = ")[0]
    return f"{name} = metric {GPU}" if name == T else f"{name} = nothing"


def test_the_double_hour_at_the_end_of_summer_time_is_refused_by_its_lines(
    source, sender, user_of, frozen_now
):
    frozen_now.at = frozen_now.at.replace(month=10, day=25, hour=6, minute=0, second=0)
    text = "Zeit;t\n25.10.2026 00:30;1\n25.10.2026 01:30;2\n25.10.2026 02:30;3\n"
    file = begin(source, text.encode(), user_of("ops"), frozen_now.at)
    operations.describe(
        file,
        {"zone": "Europe/Lisbon", "columns": f"Zeit = time\nt = metric {GPU}", "labels": "instance=gpu-01"},
    )
    operations.start(file, by=file.by, now=frozen_now.at)
    file.refresh_from_db()
    assert (file.stored_values, file.refused_values) == (2, 1)
    assert "25.10.2026 01:30 occurs twice in Europe/Lisbon" in bytes(file.refused_lines).decode()


def test_a_long_file_names_its_metrics(source, sender, user_of):
    at = sender.at(0)
    rows = [
        f"{at:%Y-%m-%dT%H:%M:%SZ},{GPU},gpu-01,40",
        f"{at:%Y-%m-%dT%H:%M:%SZ},DCGM_FI_DEV_POWER_USAGE,gpu-01,300",
    ]
    file = begin(source, "\n".join(["time,metric,host,value", *rows]).encode(), user_of("ops"), at)
    assert file.columns == "time = time\nmetric = metric\nhost = label instance\nvalue = value"
    operations.start(file, by=file.by, now=at)
    file.refresh_from_db()
    assert (file.state, file.stored_values) == ("done", 2)


def test_more_cells_than_a_file_may_have_are_refused(source, sender, user_of, monkeypatch):
    monkeypatch.setattr(operations, "MOST_VALUES", 10)
    text = "time,t\n" + "\n".join(f"{sender.at(-n):%Y-%m-%dT%H:%M:%SZ},1" for n in range(6))
    with pytest.raises(UnreadableTable, match="more than 10 cells"):
        begin(source, text.encode(), user_of("ops"), sender.at(0))


@pytest.mark.full
def test_two_hundred_thousand_lines(source, sender, user_of, monkeypatch):
    monkeypatch.setattr(operations, "MOST_LINES_AT_ONCE", 10**6)
    at = sender.at(0)
    lines = [f"{int((at - timedelta(seconds=n % 170_000)).timestamp())},{n % 90}" for n in range(200_000)]
    file = begin(source, "\n".join(["ts,t", *lines]).encode(), user_of("ops"), at)
    operations.describe(file, {"columns": f"ts = time\nt = metric {GPU}", "labels": "instance=gpu-01"})
    operations.start(file, by=file.by, now=at)
    file.refresh_from_db()
    assert file.state == "done"
    assert file.stored_values == 170_000
    assert file.values == 200_000

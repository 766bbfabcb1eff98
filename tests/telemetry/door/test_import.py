"""Text that is pushed to the address of imports: what an exporter shows, and tables."""

import gzip
import zlib
from dataclasses import replace

import pytest

from telemetry import drain
from telemetry.models import InboxBatch
from tests.conftest import NOW
from tests.telemetry.door.rows import Request, faults
from tests.telemetry.sending import ms, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_samples")]

AT = ms(NOW)
OLD = AT - 49 * 3_600_000
TEXT = {"Content-Type": "text/plain; version=0.0.4", "Content-Encoding": None}
OPEN = {
    "Content-Type": "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "Content-Encoding": None,
}
MALFORMED, TOO_LARGE = {"malformed_body": 1}, {"body_too_large": 1}
WRONG_TYPE, WRONG_ENCODING = {"wrong_content_type": 1}, {"unsupported_encoding": 1}
BAD_LINE = {"bad_line": 1}
ONE = b"up 1\n"


def open_metrics(text):
    return text + b"# EOF\n"


def bad(line):
    """A line beside one that is good."""
    return line + b"\n" + ONE


EXPOSITION = {
    # Headers
    "text": Request(ONE, 204, [1.0]),
    "text without a version": Request(ONE, 204, [1.0], headers={"Content-Type": "text/plain"}),
    "another version": Request(ONE, 415, [], WRONG_TYPE, {"Content-Type": "text/plain; version=0.0.3"}),
    "another type": Request(ONE, 415, [], WRONG_TYPE, {"Content-Type": "application/xml"}),
    "no type": Request(ONE, 415, [], WRONG_TYPE, {"Content-Type": None}),
    "gzip": Request(gzip.compress(ONE), 204, [1.0], headers={"Content-Encoding": "gzip"}),
    "gzip in two parts": Request(
        gzip.compress(ONE) + gzip.compress(b"down 0\n"), 204, [0.0, 1.0], headers={"Content-Encoding": "GZIP"}
    ),
    "deflate": Request(zlib.compress(ONE), 204, [1.0], headers={"Content-Encoding": "deflate"}),
    "gzip in many parts": Request(gzip.compress(b"") * 17, 400, [], MALFORMED, {"Content-Encoding": "gzip"}),
    "plain, called gzip": Request(ONE, 400, [], MALFORMED, {"Content-Encoding": "gzip"}),
    "truncated gzip": Request(gzip.compress(ONE)[:-9], 400, [], MALFORMED, {"Content-Encoding": "gzip"}),
    "something after gzip": Request(
        gzip.compress(ONE) + b"x", 400, [], MALFORMED, {"Content-Encoding": "gzip"}
    ),
    "gzip called plain": Request(gzip.compress(ONE), 400, [], BAD_LINE),
    "snappy": Request(ONE, 415, [], WRONG_ENCODING, {"Content-Encoding": "snappy"}),
    # Sizes
    "declared too large": Request(ONE, 413, [], TOO_LARGE, limits={"TELEMETRY_BODY_BYTES": 3}),
    "too large once decompressed": Request(
        gzip.compress(ONE * 1000),
        413,
        [],
        TOO_LARGE,
        {"Content-Encoding": "gzip"},
        {"TELEMETRY_DECODED_BYTES": 999},
    ),
    "gzip bomb": Request(
        gzip.compress(bytes(70_000_000), 1), 413, [], TOO_LARGE, {"Content-Encoding": "gzip"}
    ),
    "too many series": Request(b"".join(b"m%d 1\n" % n for n in range(50_001)), 413, [], TOO_LARGE),
    "empty": Request(b"", 400, [], MALFORMED),
    # Lines
    "nothing but comments": Request(b"# HELP up Whether it is.\n# TYPE up gauge\n# hello\n\n", 204),
    "comments beside samples": Request(b"# TYPE up gauge\n" + ONE, 204, [1.0]),
    "no end of the last line": Request(b"up 1", 204, [1.0]),
    "ends of lines of Windows": Request(b"up 1\r\ndown 0\r\n", 204, [0.0, 1.0]),
    "spaces and tabs": Request(b' \tm { a = "b" , c="d" , } \t 1  \n', 204, [1.0]),
    "a time": Request(b"up 1 %d\n" % AT, 204, [1.0]),
    "seconds in place of milliseconds": Request(bad(b"m 2 %d" % (AT // 1000)), 400, [1.0], {"too_old": 1}),
    "a time with a fraction": Request(bad(b"m 2 %d.5" % AT), 400, [1.0], BAD_LINE),
    "a time beyond all numbers": Request(bad(b"m 2 " + b"9" * 30), 400, [1.0], BAD_LINE),
    "too old": Request(bad(b"m 2 %d" % OLD), 400, [1.0], {"too_old": 1}),
    "too far ahead": Request(bad(b"m 2 %d" % (AT + 3_600_000)), 400, [1.0], {"too_far_in_future": 1}),
    "four parts": Request(bad(b"m 2 %d 4" % AT), 400, [1.0], BAD_LINE),
    "a name alone": Request(bad(b"m"), 400, [1.0], BAD_LINE),
    "no value behind labels": Request(bad(b'm{a="b"}'), 400, [1.0], BAD_LINE),
    "a word in place of a value": Request(bad(b"m yes"), 400, [1.0], BAD_LINE),
    "a decimal comma": Request(bad(b"m 1,5"), 400, [1.0], BAD_LINE),
    "an underscore in a number": Request(bad(b"m 1_0"), 400, [1.0], BAD_LINE),
    "a hexadecimal number": Request(bad(b"m 0x10"), 400, [1.0], BAD_LINE),
    "a number too large": Request(bad(b"m 1e999"), 400, [1.0], BAD_LINE),
    "numbers as they may be": Request(b"a +1\nb -.5\nc 1.\nd 1E3\n", 204, [1.0, -0.5, 1.0, 1000.0]),
    "no readings": Request(b"a NaN\nb +Inf\nc -inf\nup 1\n", 204, [1.0]),
    "all lines bad": Request(b"m\nn\n", 400, [], {"bad_line": 2}),
    "a page of HTML": Request(b"<html>\n<body>404</body>\n", 400, [], {"bad_line": 2}),
    # Labels
    "escapes": Request(b'm{a="\\"\\\\\\n}{,"} 1\n', 204, [1.0]),
    "labels that do not end": Request(bad(b'm{a="b" 2'), 400, [1.0], BAD_LINE),
    "a text that does not end": Request(bad(b'm{a="b} 2'), 400, [1.0], BAD_LINE),
    "labels without quotes": Request(bad(b"m{a=b} 2"), 400, [1.0], BAD_LINE),
    "a name that begins with a digit": Request(bad(b"1m 2"), 400, [1.0], BAD_LINE),
    "two commas": Request(bad(b'm{a="b",,c="d"} 2'), 400, [1.0], BAD_LINE),
    "no labels in braces": Request(b"up{} 1\n", 204, [1.0]),
    "no space before the value": Request(b'm{a="b"}1\n', 204, [1.0]),
    "a name in quotes": Request(b'{"system.cpu.time",cpu="0"} 1\n', 204, [1.0]),
    "two names": Request(bad(b'm{"n"} 2'), 400, [1.0], {"duplicate_label": 1}),
    "no name": Request(bad(b'{a="b"} 2'), 400, [1.0], {"no_metric_name": 1}),
    "a label twice": Request(bad(b'm{a="1",a="2"} 2'), 400, [1.0], {"duplicate_label": 1}),
    "an empty value": Request(b'm{a=""} 1\n', 204, [1.0]),
    "no UTF-8": Request(bad(b'm{a="\xc3\x28"} 2'), 400, [1.0], {"invalid_utf8": 1}),
    "a zero byte": Request(bad(b'm{a="x\0"} 2'), 400, [1.0], {"bad_label_name": 1}),
    "a name too long": Request(bad(b"m" * 201 + b" 2"), 400, [1.0], {"label_too_long": 1}),
    "too many labels": Request(
        bad(b"m{" + b",".join(b'l%d="x"' % n for n in range(64)) + b"} 2"), 400, [1.0], {"too_many_labels": 1}
    ),
    "a line of a megabyte": Request(
        bad(b'm{a="' + b"x" * 2**20 + b'"} 2'), 400, [1.0], {"series_too_large": 1}
    ),
    "a series twice": Request(b"up 1 %d\nup 2 %d\n" % (AT - 1000, AT), 204, [1.0, 2.0]),
    # OpenMetrics
    "OpenMetrics": Request(open_metrics(ONE), 204, [1.0], headers=OPEN),
    "OpenMetrics 2.0": Request(
        open_metrics(ONE),
        415,
        [],
        WRONG_TYPE,
        {"Content-Type": "application/openmetrics-text; version=2.0.0"},
    ),
    "no end": Request(ONE, 400, [], MALFORMED, OPEN),
    "an end alone": Request(b"# EOF", 204, headers=OPEN),
    "lines after the end": Request(open_metrics(ONE) + ONE, 400, [], MALFORMED, OPEN),
    "seconds": Request(open_metrics(b"up 1 %d.250\n" % (AT // 1000)), 204, [1.0], headers=OPEN),
    "milliseconds in place of seconds": Request(
        open_metrics(bad(b"m 2 %d" % AT)), 400, [1.0], BAD_LINE, OPEN
    ),
    "a day ahead, in seconds": Request(
        open_metrics(bad(b"m 2 %d" % (AT // 1000 + 86_400))), 400, [1.0], {"too_far_in_future": 1}, OPEN
    ),
    "no number of seconds": Request(open_metrics(bad(b"m 2 NaN")), 400, [1.0], BAD_LINE, OPEN),
    "an exemplar": Request(
        open_metrics(b'm_bucket{le="1"} 1 # {trace_id="a"} 0.5\n'), 400, [1.0], {"exemplar": 1}, OPEN
    ),
    "a counter": Request(open_metrics(b"# TYPE m counter\nm_total 1\n"), 204, [1.0], headers=OPEN),
    "when a counter was made": Request(
        open_metrics(b"# TYPE m counter\nm_total 1\nm_created 2\n"), 204, [2.0, 1.0], headers=OPEN
    ),
    "an information": Request(open_metrics(b'# TYPE m info\nm_info{a="b"} 1\n'), 204, [1.0], headers=OPEN),
    "a set of states": Request(
        open_metrics(b'# TYPE m stateset\nm{m="a"} 1\nm{m="b"} 0\n'), 204, [0.0, 1.0], headers=OPEN
    ),
    "a unit": Request(open_metrics(b"# UNIT m_seconds seconds\nm_seconds 1\n"), 204, [1.0], headers=OPEN),
    "an exemplar without its braces": Request(
        open_metrics(bad(b"m_total 1 # 0.5")), 400, [1.0], BAD_LINE, OPEN
    ),
    "an end with a space": Request(ONE + b"# EOF \n", 400, [], MALFORMED, OPEN),
    "an end twice": Request(ONE + b"# EOF\n# EOF\n", 400, [], MALFORMED, OPEN),
    "an end in small letters": Request(ONE + b"# eof\n", 400, [], MALFORMED, OPEN),
    "an empty line": Request(open_metrics(b"\n" + ONE), 204, [1.0], headers=OPEN),
    "a time before 1970": Request(open_metrics(bad(b"m 2 -5")), 400, [1.0], {"too_old": 1}, OPEN),
    "a time beyond the calendar": Request(open_metrics(bad(b"m 2 1e300")), 400, [1.0], BAD_LINE, OPEN),
    "a native histogram": Request(
        open_metrics(bad(b"m {count:1,sum:2,schema:3}")), 400, [1.0], BAD_LINE, OPEN
    ),
}

_TEXT_ALONE = {
    "gzip called plain",
    "a time",
    "a series twice",
    "seconds in place of milliseconds",
    "empty",
    "no end of the last line",
    "too old",
    "too far ahead",
}
"""In OpenMetrics they mean something else: it has an end, and times in seconds."""
OPEN_METRICS = {
    name: replace(request, body=open_metrics(request.body), headers=OPEN)
    for name, request in EXPOSITION.items()
    if not request.headers and name not in _TEXT_ALONE
} | {name: request for name, request in EXPOSITION.items() if request.headers == OPEN}

WHEN = NOW.isoformat()
HEADER = b"time,metric,value,gpu\n"
CSV = {"Content-Type": "text/csv", "Content-Encoding": None}


def row(text, when=WHEN):
    return f"{when},{text}\n".encode()


def table(*rows):
    return HEADER + b"".join(rows)


def typed(parameters):
    return {"Content-Type": f"text/csv; {parameters}"}


GOOD = row("m,1,0")
WIDE = f"host;stamp;power;temp\ngpu-01;{WHEN};44.5;35\n".encode()
LOCAL = b"time,metric,value\n2026-11-24 16:00,m,1\n"

TABLES = {
    # Headers
    "a table": Request(table(GOOD), 204, [1.0]),
    "charset and header": Request(table(GOOD), 204, [1.0], headers=typed("charset=UTF-8; header=present")),
    "no header": Request(table(GOOD), 415, [], WRONG_TYPE, typed("header=absent")),
    "an unknown parameter": Request(table(GOOD), 415, [], WRONG_TYPE, typed("colour=red")),
    "an unknown charset": Request(table(GOOD), 415, [], WRONG_TYPE, typed("charset=ebcdic")),
    "an unknown zone": Request(table(GOOD), 415, [], WRONG_TYPE, typed("zone=Mars/Olympus")),
    "an unknown separator": Request(table(GOOD), 415, [], WRONG_TYPE, typed("separator=space")),
    "gzip": Request(gzip.compress(table(GOOD)), 204, [1.0], headers={"Content-Encoding": "gzip"}),
    # Text
    "empty": Request(b"", 400, [], MALFORMED),
    "a mark of the order of bytes": Request(b"\xef\xbb\xbf" + table(GOOD), 204, [1.0]),
    "UTF-16": Request(table(GOOD).decode().encode("utf-16"), 204, [1.0]),
    "Latin 1": Request(table(row("Wärme,1,0")).decode().encode("latin-1"), 400, [], MALFORMED),
    "Latin 1 by its name": Request(
        table(row("Wärme,1,0")).decode().encode("latin-1"), 204, [1.0], headers=typed("charset=iso-8859-1")
    ),
    "ends of lines of Windows": Request(table(GOOD).replace(b"\n", b"\r\n"), 204, [1.0]),
    "no end of the last line": Request(table(GOOD)[:-1], 204, [1.0]),
    "quotes": Request(table(row('"m","1","a,b"')), 204, [1.0]),
    "a quote that does not end": Request(table(row('"m,1,0')), 400, [], MALFORMED),
    "a quote inside of a cell": Request(table(row('"m"x,1,0')), 400, [], MALFORMED),
    "a cell of a megabyte": Request(table(row("m,1," + "x" * 2**20)), 400, [], MALFORMED),
    # Columns
    "the header alone": Request(HEADER, 204),
    "a column twice": Request(b"time,metric,value,value\n", 400, [], MALFORMED),
    "a column without a name": Request(b"time,metric,value,\n", 400, [], MALFORMED),
    "no time": Request(b"metric,value\nm,1\n", 400, [], MALFORMED),
    "two times": Request(b"time,timestamp,metric,value\n", 400, [], MALFORMED),
    "two times, of which one is named": Request(
        f"time,ts,metric,value\nx,{WHEN},m,1\n".encode(), 204, [1.0], headers=typed("time=ts")
    ),
    "a time that is not there": Request(table(GOOD), 400, [], MALFORMED, typed("time=when")),
    "no value": Request(b"time,metric\n", 400, [], MALFORMED),
    "neither metric nor labels": Request(WIDE, 400, [], MALFORMED, typed("time=stamp")),
    "a column for each metric": Request(WIDE, 204, [44.5, 35.0], headers=typed("time=stamp; labels=host")),
    "labels that are not there": Request(WIDE, 400, [], MALFORMED, typed('time=stamp; labels="host,rack"')),
    "no labels": Request(f"time,power\n{WHEN},44.5\n".encode(), 204, [44.5], headers=typed('labels=""')),
    "tabs": Request(table(GOOD).replace(b",", b"\t"), 204, [1.0]),
    "bars, named": Request(table(GOOD).replace(b",", b"|"), 204, [1.0], headers=typed("separator=pipe")),
    "another separator than is named": Request(table(GOOD), 400, [], MALFORMED, typed("separator=tab")),
    # Rows
    "a cell too few": Request(table(GOOD, row("m,2")), 400, [1.0], BAD_LINE),
    "a cell too many": Request(table(GOOD, row("m,2,0,0")), 400, [1.0], BAD_LINE),
    "an empty value": Request(table(GOOD, row("n,,0")), 204, [1.0]),
    "empty lines": Request(table(GOOD, b"\n", b",,,\n", row("n,2,0")), 204, [1.0, 2.0]),
    "a trailer": Request(table(GOOD, b"\n", b"Completion time: 10:36\n"), 204, [1.0]),
    "a row cut short behind an empty line and others": Request(
        table(GOOD, b"\n", row("n,2,0"), b"2026-11-24\n"), 400, [1.0, 2.0], BAD_LINE
    ),
    "a trailer without an empty line": Request(
        table(GOOD, b"Completion time: 10:36\n"), 400, [1.0], BAD_LINE
    ),
    "no metric": Request(table(GOOD, row(",2,0")), 400, [1.0], {"no_metric_name": 1}),
    "a metric too long": Request(table(GOOD, row("m" * 201 + ",2,0")), 400, [1.0], {"label_too_long": 1}),
    "an empty label": Request(table(row("m,1,")), 204, [1.0]),
    "a zero byte": Request(table(GOOD, row("m,2,x\0")), 400, [1.0], {"bad_label_name": 1}),
    # Values
    "a word": Request(table(GOOD, row("m,n/a,0")), 400, [1.0], BAD_LINE),
    "a number too large": Request(table(GOOD, row("m,1e999,0")), 400, [1.0], BAD_LINE),
    "a unit": Request(table(GOOD, row("m,5 W,0")), 400, [1.0], BAD_LINE),
    "a decimal comma": Request(
        table(row("m,44,5,0")).replace(b",", b";").replace(b"44;5", b"44,5"),
        204,
        [44.5],
        headers=typed("decimal=comma"),
    ),
    "a decimal comma that nobody named": Request(
        table(row("m,44,5,0")).replace(b",", b";").replace(b"44;5", b"44,5"), 400, [], BAD_LINE
    ),
    "a decimal point where commas were named": Request(
        table(row("m;4.5;0")).replace(b",", b";"), 400, [], BAD_LINE, typed("decimal=comma")
    ),
    "thousands": Request(table(row('m,"1,234.5",0')), 204, [1234.5]),
    "no readings": Request(table(row("a,NaN,0"), row("b,inf,0"), GOOD), 204, [1.0]),
    # Times
    "seconds": Request(table(row("m,1,0", AT // 1000)), 204, [1.0]),
    "seconds with a fraction": Request(table(row("m,1,0", f"{AT // 1000}.25")), 204, [1.0]),
    "milliseconds": Request(table(row("m,1,0", AT)), 204, [1.0]),
    "microseconds": Request(table(row("m,1,0", AT * 1000)), 400, [], BAD_LINE),
    "an offset": Request(table(row("m,1,0", "2026-11-24T17:00:00+01:00")), 204, [1.0]),
    "UTC": Request(table(row("m,1,0", "2026-11-24 16:00:00Z")), 204, [1.0]),
    "a local time": Request(LOCAL, 400, [], BAD_LINE),
    "a local time with its zone": Request(LOCAL, 204, [1.0], headers=typed("zone=Europe/Lisbon")),
    "a zone in small letters": Request(LOCAL, 204, [1.0], headers=typed("zone=europe/lisbon")),
    "a local time that occurs twice": Request(
        table(row("m,1,0", "2026-10-25 01:30")), 400, [], BAD_LINE, typed("zone=Europe/Lisbon")
    ),
    "a local time that does not exist": Request(
        table(row("m,1,0", "2026-03-29 01:30")), 400, [], BAD_LINE, typed("zone=Europe/Lisbon")
    ),
    "the first day of the calendar": Request(
        table(row("m,1,0", "0001-01-01 00:00")), 400, [], {"too_old": 1}, typed("zone=Asia/Tokyo")
    ),
    "the last day of the calendar": Request(
        table(row("m,1,0", "9999-12-31 23:59")), 400, [], {"too_far_in_future": 1}, typed("zone=America/Lima")
    ),
    "a day before its month": Request(table(row("m,1,0", "24/11/2026 16:00")), 400, [], BAD_LINE),
    "no time in a row": Request(table(GOOD, row("m,2,0", "")), 400, [1.0], BAD_LINE),
    "too old": Request(table(GOOD, row("m,2,0", OLD)), 400, [1.0], {"too_old": 1}),
}


@pytest.fixture
def import_as(post):
    def make(usual):
        return lambda body, headers=None: post(body, usual | (headers or {}), "/api/telemetry/import/")

    return make


@pytest.mark.parametrize(
    ("usual", "requests"),
    [(TEXT, EXPOSITION), (OPEN, OPEN_METRICS), (CSV, TABLES)],
    ids=["text", "OpenMetrics", "tables"],
)
def test_every_body_is_answered_and_its_good_samples_stored_once(import_as, sender, usual, requests):
    assert len(requests) >= 60
    assert faults(requests, import_as(usual), sender) == []


def test_a_partial_answer_names_the_lines(import_as):
    status, _, says = import_as(TEXT)(b"up 1\nm yes\nn 1\nm no\nm\n")
    assert (status, says["stored"], says["rejected"]) == (400, 2, {"bad_line": 3})
    assert says["examples"] == {"bad_line": "line 2: no number: yes; also lines 4, 5"}
    status, _, says = import_as(CSV)(table(GOOD, row("m,x,0"), b"\n", row("m,2,0", OLD)))
    assert says["examples"]["bad_line"] == "line 3: column value: x is no number"
    assert says["examples"]["too_old"].startswith("line 5: ")


def test_samples_without_a_time_are_new_each_time_they_come(import_as, sender):
    """Two equal bodies without times are two deliveries: a batch job pushes the same text each minute."""
    for _ in range(2):
        assert import_as(TEXT)(ONE)[0] == 204
        sender.clock.move(seconds=60)
    assert InboxBatch.objects.count() == 2
    drain.drain(now=sender.clock.at)
    assert [at_s * 1000 for _, at_s, _ in stored()] == [AT, AT + 60_000]

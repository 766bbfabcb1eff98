"""The file as words: written, read back, and where it is wrong."""

import pytest

from readiness.organisation.ownership.core.sheet import COLUMNS, BadSheet, read
from web import sheets

ROW = dict.fromkeys(COLUMNS, "") | {"site": "porto", "item": "compute", "decision_rights": "One,\r\ntwo"}


def written(rows):
    return b"".join(sheets.lines(COLUMNS, [list(row.values()) for row in rows]))


def test_what_is_written_is_read_back():
    rows = [ROW, ROW | {"escalation": "=1+1", "responsible": "'quoted", "deputy": "+49"}]
    file = written(rows)
    assert b"'=1+1" in file
    found = read(file)
    assert [dict(row.values) for row in found] == rows
    assert [row.line for row in found] == [3, 5]


HEADER = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("body", "wrongs"),
    [
        pytest.param(b"", [(1, "accountable")], id="empty"),
        pytest.param(b"site,item\r\n", [(1, "accountable")], id="columns missing"),
        pytest.param(f"{HEADER},colour\r\n".encode(), [(1, "colour")], id="unknown column"),
        pytest.param(f"{HEADER}\r\nporto,compute\r\n".encode(), [(2, "")], id="short row"),
        pytest.param(f"{HEADER}\r\nport\xe9".encode("latin-1"), [(2, "")], id="not UTF-8"),
        pytest.param(f"{HEADER}\r\npo\x00rto".encode(), [(2, "")], id="binary"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_line(body, wrongs):
    with pytest.raises(BadSheet) as refused:
        read(body)
    assert [(one.line, one.field) for one in refused.value.wrongs][: len(wrongs)] == wrongs


def test_empty_lines_and_a_mark_at_the_beginning_are_nothing():
    assert len(read(b"\xef\xbb\xbf" + written([ROW]) + b"\r\n,,,,,,,,,,\r\n")) == 1

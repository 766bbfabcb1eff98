"""Rows are counted before and after a backup; a table from which nothing was deleted holds a number in between."""

import pytest

from stack.backups.counting import TableCounts, differences, ranges

NOTHING_DELETED = {"sites": 0, "samples": 5}


def test_only_tables_from_which_nothing_was_deleted_are_expected() -> None:
    before = TableCounts(
        {"sites": 24, "samples": 100, "inbox": 3, "dropped": 7}, NOTHING_DELETED | {"inbox": 9, "dropped": 0}
    )
    after = TableCounts({"sites": 24, "samples": 140, "inbox": 2}, NOTHING_DELETED | {"inbox": 11})
    assert ranges(before, after) == {"sites": (24, 24), "samples": (100, 140)}


@pytest.mark.parametrize(
    ("rows", "sentences"),
    [
        ({"sites": 24, "samples": 100}, []),
        ({"sites": 24, "samples": 140}, []),
        ({"sites": 24, "samples": 99}, ["samples has 99 rows in place of 100 to 140"]),
        ({"sites": 23, "samples": 120}, ["sites has 23 rows in place of 24"]),
        ({"samples": 120}, ["sites is missing"]),
    ],
)  # fmt: skip
def test_a_table_with_other_rows_is_named(rows: dict[str, int], sentences: list[str]) -> None:
    assert differences({"sites": (24, 24), "samples": (100, 140)}, TableCounts(rows, {})) == sentences

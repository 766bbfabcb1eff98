"""The memory that a page used is free once the page is sent; the garbage collector need not run."""

import gc
from weakref import ref

from django.template.loader import get_template


class Row:
    pass


def test_rows_of_a_page_are_gone_with_it(rf):
    row = Row()
    kept = ref(row)
    gc.disable()
    try:
        assert "Nothing here" in get_template("web/empty.html").render(
            {"title": "Nothing here", "text": "", "row": row}, rf.get("/")
        )
        del row
        assert kept() is None
    finally:
        gc.enable()

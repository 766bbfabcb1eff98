"""A line of the log as JSON: one object, with the request and whoever asked."""

import json
import logging
import sys

import pytest

from config.logs import JsonFormatter
from web.request_ids import RequestIdFilter, logged


@pytest.fixture
def json_line():
    """Formats a record as a process with MUSTER_LOG_FORMAT=json does."""

    def line(message, exc_info=None):
        record = logging.LogRecord("muster", logging.INFO, __file__, 1, message, (), exc_info)
        RequestIdFilter().filter(record)
        text = JsonFormatter().format(record)
        assert "\n" not in text
        return json.loads(text)

    return line


def test_a_line_names_its_request(json_line):
    with logged("r1"):
        entry = json_line("two\nlines of “text”")
    assert entry["message"] == "two\nlines of “text”"
    assert (entry["request"], entry["user"], entry["level"], entry["logger"]) == (
        "r1",
        None,
        "INFO",
        "muster",
    )
    assert entry["time"].endswith("+00:00")
    assert json_line("outside of a request")["request"] == "-"


def test_a_failure_is_one_line_with_its_traceback(json_line):
    try:
        raise ValueError("no such site")
    except ValueError:
        entry = json_line("failed", sys.exc_info())
    assert entry["exception"].endswith("ValueError: no such site")


@pytest.mark.django_db
def test_a_line_names_the_account_of_page_and_endpoint(json_line, client_of, api_of, viewer):
    for client in (client_of("viewer"), api_of("viewer")):
        with logged("r1"):
            client.get("/api/inventory/sites/")
            assert json_line("after the answer")["user"] == viewer.pk
        with logged("r2"):
            assert json_line("the next request")["user"] is None

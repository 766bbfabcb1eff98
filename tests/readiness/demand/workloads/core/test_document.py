"""Workload classes as YAML: written and read back the same, and refused by line and field."""

from datetime import date

import pytest

from readiness.demand.workloads.core.document import dump, read
from web.versioned.core.documents import DocumentError
from web.versioned.core.files import find_all

TEXT = """\
workloads:
- slug: chat
  name: Chat
  kind: interactive
  demand:
    accelerators:
    - type: h100
      count: 8
    - count: 2
    it_kw: 10.2
  users:
  - region: iberia
    requests_per_s: 12.5
  - region: nordics
  latency:
    limit_ms: 50.0
  cost:
    ceiling: 2.5
    currency: EUR
    per: accelerator-hour
  jurisdiction:
    allowed:
    - EEA
    data:
    - personal
  carbon:
    kg_per_month: 900.0
  readiness:
    verdict: ready
  declared_on: 2026-11-01
- slug: empty
  name: Empty
"""


def test_a_document_is_read_and_written_the_same():
    chat, empty = read(TEXT)
    assert chat.values["accelerators"] == ({"type": "h100", "count": 8}, {"type": "", "count": 2})
    assert chat.values["users"][1] == {"region": "nordics", "requests_per_s": None}
    assert (chat.values["latency_percentile"], chat.values["declared_on"]) == (99.0, date(2026, 11, 1))
    assert (empty.values["kind"], empty.values["it_kw"], empty.values["allowed_jurisdictions"]) == (
        "",
        None,
        (),
    )
    assert dump([chat.values, empty.values]) == TEXT


def test_any_verdict_is_written_out_and_none_is_left_open():
    chat, empty = read(TEXT)
    assert (chat.values["min_verdict"], empty.values["min_verdict"]) == ("ready", None)
    written = dump([empty.values | {"min_verdict": ""}])
    assert "readiness:\n    verdict: any\n" in written
    assert read(written)[0].values["min_verdict"] == ""


@pytest.mark.parametrize(
    ("old", "new", "line", "path"),
    [
        ("limit_ms: 50.0", "limit_ms: fast", 16, "workloads[0].latency.limit_ms"),
        ("limit_ms: 50.0", "limit_msec: 50", 16, "workloads[0].latency.limit_msec"),
        ("- count: 2", "- count: 0", 9, "workloads[0].demand.accelerators[1].count"),
        ("slug: empty", "slug: chat", 31, "workloads[1].slug"),
        ("name: Empty", "title: Empty", 31, "workloads[1].name"),
        ("  - region: nordics", "  - {}", 14, "workloads[0].users[1].region"),
        ("declared_on: 2026-11-01", "declared_on: soon", 30, "workloads[0].declared_on"),
    ],
    ids=["no number", "no such key", "no accelerator", "twice", "no name", "no region", "no day"],
)
def test_a_fault_is_told_by_line_and_field(old, new, line, path):
    text = TEXT.replace(old, new)
    with pytest.raises(DocumentError) as refused:
        read(text)
    assert refused.value.path == path
    assert find_all({"w.yaml": text}, [path])[0][1] == line


def test_served_models_keep_their_order_and_case():
    text = TEXT.replace(
        "  latency:", "  served_models:\n  - meta-llama/Llama-3.1-8B\n  - a-larger-one\n  latency:"
    )
    chat, empty = read(text)
    assert (chat.values["served_models"], empty.values["served_models"]) == (
        ("meta-llama/Llama-3.1-8B", "a-larger-one"),
        (),
    )
    assert dump([chat.values, empty.values]) == text

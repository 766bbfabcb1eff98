"""Lists of evidence show the result of each row, its value against the limit, what it proves and until when."""

import pytest

from readiness.assessment.evidence.operations import attest, import_run, record_fact, set_floor, withdraw_run
from tests.inventory import made
from tests.pages import rows_of, statements, text_of, words_in
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db


@pytest.fixture
def porto(frozen_now):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def node(porto):
    node = made.device(site=porto, name="node-1", device_type=made.device_type(slug="dgx-h100", kind="node"))
    for index in range(1):
        made.accelerator(device=node, index=index)
    return node


@pytest.fixture
def take(porto, frozen_now):
    def one(busbw=470.0, site=porto):
        frozen_now.move(minutes=1)
        return import_run(
            site=site, tool="nccl-tests", content=outputs.collective(busbw=busbw), file_name="out.log", by=None,
            now=frozen_now.at,
        )  # fmt: skip

    return one


@pytest.fixture
def floor(frozen_now):
    def one(value):
        set_floor(
            platform="dgx-h100", tool="nccl-tests", measure="busbw", operation="all_reduce", value=value,
            unit="GB/s", size_bytes=None, by=None, now=frozen_now.at,
        )  # fmt: skip

    return one


@pytest.fixture
def row_of(client_of):
    """The words of a list's first rows."""

    def one(path, place=0):
        page = text_of(client_of("viewer").get(path))
        body = page.partition("<tbody")[2].partition("</tbody>")[0]
        return words_in(body.split("<tr ")[place + 1])

    return one


def test_a_run_above_its_floor_passes_until_it_is_too_old(node, take, floor, row_of):
    floor(460.0)
    take(470.0)
    row = row_of("/evidence/")
    for words in (
        "Pass",
        "470 GB/s",
        "limit ≥ 460 GB/s",
        "Bus bandwidth",
        "node-1",
        "nccl-tests",
        "just now",
    ):
        assert words in row


def test_a_run_below_its_floor_fails_and_says_by_what(node, take, floor, row_of):
    floor(480.0)
    take(300.0)
    assert "Fail 300 GB/s limit ≥ 480 GB/s" in row_of("/evidence/")


def test_a_run_without_a_floor_is_unknown_and_says_what_is_missing(node, take, row_of):
    take()
    assert "Unknown No floor of busbw is set" in row_of("/evidence/")


def test_a_replaced_run_keeps_its_result_and_says_that_a_newer_one_counts(node, take, floor, row_of):
    floor(460.0)
    take(300.0)
    take(470.0)
    newer, older = row_of("/evidence/"), row_of("/evidence/", 1)
    assert ("Pass" in newer, "a newer run counts" in newer) == (True, False)
    assert ("Fail" in older, "a newer run counts" in older) == (True, True)


def test_a_withdrawn_run_is_unknown_with_the_reason(node, take, floor, row_of, user_of, frozen_now):
    floor(460.0)
    withdraw_run(take(), reason="wrong rack", by=user_of("admin"), now=frozen_now.at)
    row = row_of("/evidence/")
    assert "Unknown It was withdrawn: wrong rack" in row
    assert "withdrawn" in row


def test_a_fact_is_judged_by_the_limit_of_its_sub_measure(porto, row_of, frozen_now):
    record_fact(
        site=porto, check="p1-soak-24h", part="duration", value=24, source="meter",
        taken_on=frozen_now.at.date(), by=None, now=frozen_now.at,
    )  # fmt: skip
    row = row_of("/evidence/facts/")
    for words in ("Warn declared, not measured", "24 h", "≥ 24 h"):
        assert words in row


def test_an_attestation_with_a_value_has_a_result_and_one_without_has_none(porto, row_of, frozen_now):
    entered = {"site": porto, "taken_on": frozen_now.at.date(), "by": None, "now": frozen_now.at}
    entered |= {"check": "p4-golive-review", "statement": "All signed", "attested_by": "R. Costa"}
    attest(**entered)
    assert "Judged by no check" in row_of("/evidence/attestations/")
    frozen_now.move(minutes=1)
    attest(part="signatures-missing", value=0, **entered | {"now": frozen_now.at})
    assert "Judged by no check" not in row_of("/evidence/attestations/", 1)


def test_a_file_has_the_result_too(node, take, floor, client_of):
    floor(460.0)
    take()
    [row] = rows_of(client_of("viewer").get("/evidence/?export=csv"))
    assert (row["Result"], row["Value and limit"]) == ("pass", "470 GB/s · limit ≥ 460 GB/s")


def test_a_list_takes_as_many_statements_for_many_runs_as_for_one(node, take, floor, client_of, frozen_now):
    floor(460.0)
    take(450.0)
    take()
    one = statements(client_of("viewer"), "/evidence/")
    for place in range(3):
        site = made.site(name=f"Site {place}", slug=f"site-{place}")
        other = made.device(site=site, name=f"other-{place}", device_type=node.device_type)
        made.accelerator(device=other, index=0)
        take(460.0 + place)

    assert statements(client_of("viewer"), "/evidence/") <= one

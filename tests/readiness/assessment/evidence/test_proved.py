"""From a sub-measure to what proves it and back; and what takes no dated value is refused."""

from datetime import date

import pytest

from readiness.assessment.evidence.operations import attest, import_run, record_fact
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.scoring.operations import evaluate
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
LIVE = ("p5-fabric-health", "link-errors")


@pytest.fixture
def entered(porto, frozen_now):
    return {"site": porto, "taken_on": DAY, "by": None, "now": frozen_now.at}


@pytest.fixture
def page_of(client_of, porto, frozen_now):
    def look(path, role="viewer"):
        evaluate(site_ids=[porto.pk], now=frozen_now.at)
        answer = client_of(role).get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    return look


def test_a_run_and_its_check_lead_to_each_other(porto, page_of, frozen_now):
    node = made.device(site=porto, name="node-1")
    for index in range(2):
        made.accelerator(device=node, index=index)
    run = import_run(
        site=porto,
        tool="nccl-tests",
        content=outputs.collective(gpus=2),
        file_name="a.log",
        by=None,
        now=frozen_now.at,
    )
    assert node.name in [device.name for device in run.devices.all()]
    page = page_of(f"/evidence/runs/{run.pk}/")
    assert "/sites/porto/checks/p1-intra-node/#part-wrong-values" in page
    # The bandwidth has no floor yet, and the page of the run says so.
    assert "No floor of busbw is set" in page
    assert f'href="/evidence/runs/{run.pk}/"' in page_of("/sites/porto/checks/p1-intra-node/")


def test_a_run_that_a_newer_one_replaced_proves_nothing(porto, page_of, frozen_now):
    def take(mark):
        frozen_now.move(minutes=1)
        return import_run(
            site=porto,
            tool="csv",
            content=outputs.run_table(f"p1-soak-24h/duration,{mark},h", taken_at=frozen_now.at),
            file_name="a.csv",
            by=None,
            now=frozen_now.at,
        )

    first, second = take(20), take(24)
    assert f"A newer run of the same test counts: run {second.pk}." in page_of(f"/evidence/runs/{first.pk}/")
    assert "#part-duration" in page_of(f"/evidence/runs/{second.pk}/")


def test_a_table_that_a_newer_statement_replaced_names_it(porto, entered, page_of, frozen_now):
    stated = outputs.table(
        f"p1-soak-24h/duration,20,h,{frozen_now.at.isoformat()}", head="measure,value,unit,taken_at"
    )
    table = import_run(site=porto, tool="csv", content=stated, file_name="a.csv", by=None, now=frozen_now.at)
    frozen_now.move(days=1)
    entered = entered | {"now": frozen_now.at, "taken_on": frozen_now.at.date()}
    fact = record_fact(check="p1-soak-24h", part="duration", value=24, source="the vendor", **entered)
    assert f"Recorded fact {fact.pk} counts instead." in page_of(f"/evidence/runs/{table.pk}/")


def test_a_fact_and_its_check_lead_to_each_other(entered, page_of):
    fact = record_fact(check="p2-energy-kpis", part="pue", value=1.21, source="meter", **entered)
    page = page_of(f"/evidence/facts/{fact.pk}/")
    for words in ("1.21", "meter", "#part-pue", "Changes of this record"):
        assert words in page
    assert f'href="/evidence/facts/{fact.pk}/"' in page_of("/sites/porto/checks/p2-energy-kpis/")
    assert f'href="/evidence/facts/{fact.pk}/"' in page_of("/evidence/facts/")


def test_an_attestation_and_its_check_lead_to_each_other(entered, page_of):
    given = {"check": "p4-golive-review", "statement": "All signed", "attested_by": "R. Costa"}
    of_part = attest(part="signatures-missing", value=0, **given, **entered)
    whole = attest(**given, **entered)
    assert "#part-signatures-missing" in page_of(f"/evidence/attestations/{of_part.pk}/")
    assert "Either it is about a whole check" in page_of(f"/evidence/attestations/{whole.pk}/")
    link = f'href="/evidence/attestations/{of_part.pk}/"'
    assert link in page_of("/sites/porto/checks/p4-golive-review/")


def test_results_over_http_name_the_row_that_proves_each_sub_measure(api_of, entered, porto, frozen_now):
    fact = record_fact(check="p2-energy-kpis", part="pue", value=1.21, source="meter", **entered)
    evaluate(site_ids=[porto.pk], now=frozen_now.at)
    found = api_of("viewer").get("/api/readiness/results/?site=porto&check=p2-energy-kpis").json()
    [result] = found["results"]
    assert {part["part"]: part["evidence"] for part in result["parts"]}["pue"] == f"fact:{fact.pk}"
    shown = api_of("viewer").get(f"/api/readiness/facts/{fact.pk}/").json()
    assert shown["display_url"].endswith(f"/evidence/facts/{fact.pk}/")


class TestLive:
    """What counts for minutes takes no value of a day."""

    def test_a_fact_is_refused_with_the_reason(self, entered):
        with pytest.raises(EvidenceRefused, match="counts only while it is live") as refused:
            record_fact(check=LIVE[0], part=LIVE[1], value=0, source="x", **entered)
        assert refused.value.field == "part"
        assert "declared n-a" in refused.value.reason

    def test_an_attested_value_is_refused_and_a_statement_is_not(self, entered):
        said = {"check": LIVE[0], "statement": "No errors", "attested_by": "R. Costa"}
        with pytest.raises(EvidenceRefused, match="live"):
            attest(part=LIVE[1], value=0, **said, **entered)
        assert attest(**said, **entered).pk

    def test_a_table_of_figures_is_refused(self, porto, frozen_now):
        content = outputs.table(f"{LIVE[0]}/{LIVE[1]},0,")
        with pytest.raises(EvidenceRefused, match="live"):
            import_run(site=porto, tool="csv", content=content, file_name="x.csv", by=None, now=frozen_now.at)

    def test_the_form_and_the_endpoint_say_so(self, client_of, api_of, porto):
        body = {"check": LIVE[0], "part": LIVE[1], "value": 0, "taken_on": "2026-11-20", "source": "x"}
        page = client_of("ops").post("/evidence/facts/add/", body | {"site": "porto"})
        assert page.status_code == 422
        assert b"counts only while it is live" in page.content
        answer = api_of("ops").post("/api/readiness/facts/", body | {"site": {"slug": "porto"}})
        assert (answer.status_code, list(answer.json())) == (400, ["part"])

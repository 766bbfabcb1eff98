"""The site pack: what is on it, that the PDF says the same as the page, and who may read it."""

import io
import re
from datetime import date, timedelta
from html import unescape

import pypdf
import pytest

from readiness.assessment.evidence.models import ValidationRun
from readiness.assessment.evidence.operations import attest, import_run, record_fact
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants import operations as waivers
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring import operations as scoring
from readiness.boards.packs.document import Document, PackTable, Section, columns_of, written
from readiness.boards.packs.pdf import pdf_of, printable
from readiness.boards.packs.queries import pack_of
from readiness.boards.waivers.requests import ask_for_grant
from readiness.golive.campaigns import operations as campaigns
from readiness.golive.reviews import operations as reviews
from tests.inventory import made
from tests.pages import statements, words_of
from tests.readiness.assessment.evidence import outputs
from tests.readiness.assessment.scoring import stored
from web.states import state

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def porto(user_of, frozen_now):
    """A site with a run, a fact, an attestation, a waiver, a review and a campaign, evaluated."""
    there = made.site(name="Porto Łódź", slug="porto", city="Porto", owner="Ops South", contracted_kw=400)
    made.device(site=there, name="node-1")
    entered = {"by": user_of("ops"), "now": frozen_now.at}
    import_run(
        site=there, tool="nccl-tests", content=outputs.collective(), file_name="nccl-node-1.log", **entered
    )
    day = {"site": there, "taken_on": date(2026, 11, 20), **entered}
    record_fact(check="p2-energy-kpis", part="pue", value=1.21, source="Meter report 7", **day)
    stated = {"statement": "Seen", "attested_by": "R. Costa", "document": "Roster of November"}
    attest(check="p3-role-coverage", part="people-per-role", value=2, **stated, **day)
    asked = {
        "site": there,
        "kind": "waiver",
        "check_id": "p2-backup-power",
        "reason": "UPS B is being replaced",
    }
    grant = ask_for_grant(**asked, ends_at=frozen_now.at + 30 * DAY, **entered)
    manager = {"by": user_of("manager"), "now": frozen_now.at}
    waivers.approve(grant, **manager)
    lead = user_of("viewer", username="energy-lead")
    reviews.add_approver(domain="energy", user=lead, **manager)
    review = reviews.open_review(site=there, **manager)
    reviews.decline(review, note="Second feed missing", by=lead, now=frozen_now.at)
    campaigns.create(site=there, name="Before go-live", due_on=date(2026, 12, 31), **entered)
    scoring.evaluate(site_ids=[there.pk], now=frozen_now.at)
    return there


def words(text):
    """Without what a layout adds: every letter and digit in order."""
    return re.sub(r"[^\w%≥≤]+", "", text)


def read_back(body):
    reader = pypdf.PdfReader(io.BytesIO(body))
    return words("".join(page.extract_text() for page in reader.pages))


def document_of(site, now):
    site = type(site).objects.select_related("region", "score").get(pk=site.pk)
    return written(pack_of(site, now=now), by="mira", now=now)


class TestPage:
    def test_it_holds_what_the_verdict_stands_on(self, porto, client_of):
        page = unescape(client_of("ops").get("/sites/porto/pack/").content.decode())
        _, framework = framework_queries.current()
        assert [check.id for check in framework.checks if check.id not in page] == []
        for said in (
            *("Not ready", "Ops South", "400 kW", framework.version, framework.content_digest),
            *(
                "nccl-node-1.log",
                ValidationRun.objects.get().file_sha256,
            ),
            *(
                "Meter report 7",
                "R. Costa; Roster of November",
                "fact",
                "UPS B is being replaced",
                "manager",
                "24 Dec 2026 16:00 UTC",
            ),
            *("Go-live review #", "energy-lead", "Second feed missing", "Declined"),
            *("Before go-live", "Generated 24 Nov 2026 16:00 UTC by ops", "Operator-set default"),
        ):
            assert said in page, said

    def test_a_site_with_nothing_says_so(self, client_of, frozen_now):
        made.site(name="Yard", slug="yard", stage="planned")
        made.site(name="Faro", slug="faro", stage="production")
        client = client_of("viewer")
        page = unescape(client.get("/sites/yard/pack/").content.decode())
        assert "The site was not evaluated yet." in page
        assert "No review was opened." in page
        assert "None was planned." in page
        _, framework = framework_queries.current()
        assert page.count("Not evaluated yet.") == len(framework.checks)
        assert "In production without a review." in unescape(client.get("/sites/faro/pack/").content.decode())
        assert client.get("/sites/yard/pack.pdf").status_code == 200

    def test_without_a_verdict_there_is_no_score(self, client_of, db):
        stored.score(made.site(name="Yard", slug="yard", stage="building"), "")
        words = words_of(client_of("viewer").get("/sites/yard/pack/"))
        assert re.search(r"Score [–-] Coverage by fresh evidence", words)

    def test_it_costs_the_same_whatever_the_site_has(self, porto, client_of, frozen_now):
        client = client_of("viewer")
        client.get("/sites/porto/pack/")
        few = statements(client, "/sites/porto/pack/")
        entered = {"by": None, "now": frozen_now.at}
        for number in range(3):
            fact = {"check": "p2-energy-kpis", "part": "pue", "value": 1.2, "source": f"Report {number}"}
            record_fact(site=porto, taken_on=date(2026, 11, 21 + number), **fact, **entered)
        scoring.evaluate(site_ids=[porto.pk], now=frozen_now.at)
        assert statements(client, "/sites/porto/pack/") == few <= 32


class TestPdf:
    def test_it_holds_the_same_facts_as_the_page(self, porto, client_of, frozen_now):
        answer = client_of("viewer").get("/sites/porto/pack.pdf")
        assert answer["Content-Type"] == "application/pdf"
        assert 'filename="porto-pack.pdf"' in answer["Content-Disposition"]
        got = read_back(answer.content)
        document = document_of(porto, frozen_now.at)
        missing = []
        for section in document.sections:
            texts = [section.title, *(each for pair in section.facts for each in pair)]
            for column, cell in (
                each for line in (section.table.lines if section.table else []) for each in line
            ):
                texts.append(str(state(column.kind, cell).word) if column.kind else cell)
            # A text may break over lines, but not over another's: cells are read word by word.
            for text in texts:
                missing += [word for word in printable(text).split() if words(word)[:24] not in got]
        assert missing == []

    def test_it_is_the_same_file_for_the_same_state(self, porto, frozen_now):
        first = pdf_of(document_of(porto, frozen_now.at))
        assert pdf_of(document_of(porto, frozen_now.at)) == first
        later = document_of(porto, frozen_now.at)
        assert pdf_of(Document(later.title, later.subtitle, "Generated later", later.sections)) != first

    def test_letters_that_the_font_lacks_become_their_nearest(self):
        pdf_of(Document("x", "x", "x"))
        assert printable("Łódź, ąę, ≥ 5 µs – Дом") == "Łódz, ae, ≥ 5 µs – ???"

    @pytest.mark.parametrize("word", ["W", "W "], ids=["one word", "many words"])
    def test_a_reason_longer_than_a_page_goes_on_the_next(self, porto, frozen_now, word):
        Grant.objects.update(reason=word * 1000)
        body = pdf_of(document_of(porto, frozen_now.at))
        assert read_back(body).count("W") >= 1000

    def test_a_table_begins_on_the_page_of_its_heading(self):
        rows = tuple((f"site-{number}",) for number in range(24))
        facts = Section("facts", "Facts", facts=(("Sites", "24"),))
        sites = Section("sites", "Sites", table=PackTable(columns_of("Site 100"), rows))
        body = pdf_of(Document("x", "x", "x", (facts, sites)))
        assert "site-0" in pypdf.PdfReader(io.BytesIO(body)).pages[0].extract_text()

    def test_markup_is_text(self):
        body = pdf_of(Document("<b>Porto</b> & Faro", "x", "x"))
        assert "bPortobFaro" in read_back(body)

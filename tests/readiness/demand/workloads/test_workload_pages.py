"""Pages under /tradeoffs/workloads/: reading envelopes, writing them, placing them, and who may."""

import re
from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads import models, operations
from readiness.demand.workloads.models import Placement, WorkloadClass
from tests.inventory import made
from tests.pages import rows_of, statements, words_of

pytestmark = pytest.mark.django_db
HERE = "/tradeoffs/workloads/"


@pytest.fixture
def faro(db):
    return made.site(name="Faro", slug="faro")


@pytest.fixture
def placement(chat, faro, planner, frozen_now):
    return operations.place(chat, site=faro, on=date(2026, 11, 4), by=planner, now=frozen_now.at)


def rows(name, *each):
    """Rows of a form as a browser sends them; the last one is the spare one."""
    sent = {f"{name}-TOTAL_FORMS": len(each), f"{name}-INITIAL_FORMS": 0}
    return sent | {f"{name}-{n}-{field}": value for n, row in enumerate(each) for field, value in row.items()}


def sent_as_shown(form):
    """What the browser would send of the form as it stands."""
    shown = {bound.html_name: bound.value() for bound in form}
    for of_rows in form.rows.values():
        for part in (of_rows.management_form, *of_rows):
            shown |= {bound.html_name: bound.value() for bound in part}
    return {name: "" if value is None else value for name, value in shown.items()}


NO_USERS = {"users-0-region": "", "users-0-requests_per_s": ""}


@pytest.fixture
def filled(h100, iberia):
    """The form as somebody fills it in."""
    return {
        "name": "Voice", "slug": "voice", "description": "", "kind": "interactive", "criticality": "important",
        **rows("accelerators", {"type": "h100", "count": "8"}, {"type": "any", "count": "2"}, {}),
        "it_kw": "10.2", "bandwidth_gbps": "",
        **rows("users", {"region": "iberia", "requests_per_s": "12.5"}, {}),
        "served_models": "meta-llama/Llama-3.1-8B, , llama-70b",
        "deferrable_h": "", "latency_limit_ms": "50", "latency_percentile": "", "cost_ceiling": "2.5",
        "cost_currency": "eur", "cost_unit": "accelerator-hour", "allowed_jurisdictions": "eea, GB",
        "forbidden_jurisdictions": "", "residency": "", "data_categories": ["personal"], "carbon_g_per_kwh": "300",
        "carbon_kg_per_month": "", "min_verdict": "", "min_score": "", "source": "", "provenance": "declared",
        "declared_on": "",
    }  # fmt: skip


def test_the_list_is_empty_at_first_and_tells_how_each_class_stands(
    client_of, whole, planner, frozen_now, faro
):
    client = client_of("viewer")
    assert "No workload class" in words_of(client.get(HERE))
    chat = operations.declare(**whole, by=planner, now=frozen_now.at)
    operations.place(chat, site=faro, by=planner, now=frozen_now.at)
    operations.declare(name="Bare", slug="bare", by=planner, now=frozen_now.at)
    operations.declare(name="Half", slug="half", it_kw=1, latency_limit_ms=9, by=planner, now=frozen_now.at)
    words = words_of(client.get(HERE))
    for told in (
        "Chat", "valid until 23 May 2027", "50 ms p99", "2.50 EUR per accelerator-hour", "EEA, GB",
        "Faro", "No limits declared", "Lacks unit-cost ceiling, allowed jurisdictions",
    ):  # fmt: skip
        assert told in words, told
    assert "300 gCO2e/kWh" in words_of(client.get(HERE, {"cols": ["name", "carbon"]}))
    answer = client.get(f"{HERE}?export=json&complete=true&sort=-latency")
    assert [row["name"] for row in rows_of(answer)] == ["chat"]


def test_a_class_shows_its_four_parts_its_placements_and_its_history(client_of, chat, placement):
    words = words_of(client_of("viewer").get(f"{HERE}chat/"))
    for told in (
        "8 × H100", "5.6 kW", "12.5 requests/s", "50 ms p99", "EEA, GB", "30 countries are left",
        "Personal", "Catalogue 3",        "Faro", "4 Nov 2026", "for 20 days", "Activity",
    ):  # fmt: skip
        assert told in words, told
    assert "What cannot be meant together" not in words
    assert "Place it at a site" not in words


class TestOnRecord:
    """Origins and bases of the data of a class, beside what its data is."""

    RULES = "/tradeoffs/rules/"

    def test_counts_lead_to_the_lists_of_the_class(self, client_of, chat, frozen_now):
        for country in ("DE", "FR"):
            DataOrigin.objects.create(workload_class=chat, country=country)
        for held_until in (None, date(2026, 6, 30)):
            HeldBasis.objects.create(
                workload_class=chat, basis="eu-scc", held_from=date(2026, 1, 1), held_until=held_until,
                reference="Contract 12",
            )  # fmt: skip
        client = client_of("viewer")
        page = client.get(f"{HERE}chat/").content.decode()
        for place, told, note in (("origins", "2 countries", "DE, FR"), ("bases", "2 bases", "1 held today")):
            link = f'<a href="{self.RULES}{place}/?workload_class=chat">{told}</a> <span class="sub">{note}</span>'
            assert link in page
            there = client.get(f"{self.RULES}{place}/?workload_class=chat&export=json")
            assert len(rows_of(there)) == 2

    def test_none_leads_to_the_form_for_who_may_fill_it_in(self, client_of, chat, frozen_now):
        added = f'{self.RULES}origins/add/?workload_class=chat">Add an origin</a>'
        planning = client_of("planner").get(f"{HERE}chat/").content.decode()
        assert f'{added} <span class="sub">none on record</span>' in planning
        viewing = client_of("viewer").get(f"{HERE}chat/").content.decode()
        assert added not in viewing
        assert viewing.count("none on record") == 2

    def test_who_may_not_see_them_sees_the_rest(self, client_of, chat, frozen_now, django_user_model):
        reader = django_user_model.objects.create_user("reader")
        for name in ("view_site", "view_workloadclass"):
            reader.user_permissions.add(Permission.objects.get(codename=name))
        client = client_of(None)
        client.force_login(reader)
        page = client.get(f"{HERE}chat/").content.decode()
        assert "Data has to stay in" in page
        assert "Origins of data" not in page
        assert self.RULES not in page

    def test_many_take_as_many_statements_as_none(self, client_of, chat, frozen_now):
        client = client_of("viewer")
        client.get(f"{HERE}chat/")
        few = statements(client, f"{HERE}chat/")
        for country in ("DE", "FR", "IE"):
            DataOrigin.objects.create(workload_class=chat, country=country)
        assert statements(client, f"{HERE}chat/") == few <= 20


def test_the_page_takes_as_many_statements_for_many_placements_as_for_one(
    client_of, chat, placement, planner, frozen_now
):
    client = client_of("viewer")
    client.get(f"{HERE}chat/")
    few = statements(client, f"{HERE}chat/")
    for _ in range(3):
        operations.place(chat, site=made.site(), by=planner, now=frozen_now.at)
    assert statements(client, f"{HERE}chat/") == few


class TestWriting:
    def test_a_class_is_declared_with_what_wants_a_look_as_a_warning(self, client_of, filled):
        answer = client_of("planner").post(f"{HERE}add/", filled | NO_USERS, follow=True)
        assert answer.redirect_chain[-1][0] == f"{HERE}voice/"
        assert "holds to no user region" in words_of(answer)
        voice = WorkloadClass.objects.get()
        assert (voice.cost_currency, voice.allowed_jurisdictions) == ("EUR", ["EEA", "GB"])
        assert voice.served_models == ["meta-llama/Llama-3.1-8B", "llama-70b"]
        assert {(str(row.device_type or "any"), row.count) for row in voice.accelerators.all()} == {
            ("H100", 8),
            ("any", 2),
        }

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"accelerators-1-type": "z9"}, "“z9” is not in the list."),
            ({"accelerators-0-count": "many"}, "Enter a whole number of 1 or more."),
            ({"accelerators-0-count": ""}, "Enter the count."),
            ({"accelerators-1-type": ""}, "Choose one, or leave the whole row empty."),
            ({"accelerators-1-type": "h100"}, "This is entered twice."),
            ({"users-0-requests_per_s": "-1"}, "Enter a number of 0 or more."),
            ({"users-0-region": "atlantis"}, "“atlantis” is not in the list."),
            ({"users-1-requests_per_s": "3"}, "Choose one, or leave the whole row empty."),
            ({"users-TOTAL_FORMS": "many"}, "ManagementForm data is missing"),
            ({"forbidden_jurisdictions": "GB"}, "GB is allowed and forbidden."),
            ({"allowed_jurisdictions": "UK"}, "No country or group of countries is called UK."),
            ({"cost_currency": ""}, "an amount above 0, a currency and a unit"),
            ({"deferrable_h": "4"}, "It may wait 4 h, and people wait for it"),
            ({"slug": "import"}, "This name is reserved for pages."),
            ({"it_kw": "nan"}, "Enter a number of 0 kW or more."),
        ],
        ids=[
            *("no such type", "no number", "no count", "no type", "a type twice", "below 0", "no such region"),
            *("rate of nothing", "rows uncounted", "both", "no code"),
            *("half a price", "waits", "reserved", "nan"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_told_where_it_was_written(self, client_of, filled, wrong, told):
        answer = client_of("planner").post(f"{HERE}add/", filled | wrong)
        assert (answer.status_code, told in words_of(answer)) == (422, True), words_of(answer)
        assert not WorkloadClass.objects.exists()

    def test_the_form_of_a_class_written_back_changes_nothing(self, client_of, chat):
        client = client_of("planner")
        form = client.get(f"{HERE}chat/change/").context["form"]
        assert client.post(f"{HERE}chat/change/", sent_as_shown(form)).status_code == 302
        before = models.COLUMNS
        again = WorkloadClass.objects.get()
        assert {name: getattr(again, name) for name in before} == {
            name: getattr(chat, name) for name in before
        }
        assert (again.accelerators.get().count, again.served.get().requests_per_s) == (8, 12.5)

    def test_a_fault_of_a_row_is_told_at_its_field(self, client_of, filled):
        answer = client_of("planner").post(f"{HERE}add/", filled | {"accelerators-1-count": "0"})
        first, second, _spare = answer.context["form"].rows["accelerators"]
        assert (first.errors, list(second.errors)) == ({}, ["count"])
        assert 'id="id_accelerators-1-count_error"' in answer.text
        assert 'value="12.5"' in answer.text

    def test_buttons_add_and_remove_rows_and_save_nothing(self, client_of, filled):
        client = client_of("planner")
        typed = filled | {"it_kw": "much", "accelerators-2-type": "any", "accelerators-2-count": "x"}
        more = client.post(f"{HERE}add/", typed | {"add_row": "accelerators"})
        assert (more.status_code, WorkloadClass.objects.exists()) == (200, False)
        form = more.context["form"]
        assert [row["count"].value() for row in form.rows["accelerators"]] == ["8", "2", "x", None]
        assert (form["it_kw"].value(), form["data_categories"].value()) == ("much", ["personal"])
        assert "autofocus" in str(form.rows["accelerators"][3]["type"])
        less = client.post(f"{HERE}add/", typed | {"remove_row": "accelerators-0"})
        assert [row["count"].value() for row in less.context["form"].rows["accelerators"]] == ["2", "x", None]
        assert [row["region"].value() for row in less.context["form"].rows["users"]] == ["iberia", None]

    def test_rows_that_were_removed_from_the_middle_leave_the_others(
        self, client_of, chat, planner, h100, frozen_now
    ):
        client, path = client_of("planner"), f"{HERE}chat/change/"
        operations.change(chat, accelerators=[(h100, 8), (None, 2)], by=planner, now=frozen_now.at)
        shown = sent_as_shown(client.get(path).context["form"])
        gone = next(f"accelerators-{n}" for n in range(2) if shown[f"accelerators-{n}-type"] == "h100")
        left = sent_as_shown(client.post(path, shown | {"remove_row": gone}).context["form"])
        assert client.post(path, left).status_code == 302
        assert [(row.device_type, row.count) for row in chat.accelerators.all()] == [(None, 2)]

    def test_it_is_confirmed_and_removed(self, client_of, chat, placement, frozen_now):
        client = client_of("planner")
        frozen_now.move(days=181)
        assert "Outdated since 23 May 2027: confirm it" in words_of(client.get(f"{HERE}chat/"))
        assert "is confirmed" in words_of(client.post(f"{HERE}chat/confirm/", follow=True))
        assert client.post(f"{HERE}chat/remove/").status_code == 302
        assert not Placement.objects.exists()

    def test_it_is_placed_and_the_placement_ends(self, client_of, chat, faro):
        client = client_of("planner")
        assert (
            client.post(f"{HERE}chat/place/", {"site": "faro", "started_on": "2026-11-01"}).status_code == 302
        )
        again = client.post(f"{HERE}chat/place/", {"site": "faro", "started_on": ""})
        assert (again.status_code, "since 1 Nov 2026" in words_of(again)) == (422, True)
        placed = Placement.objects.get()
        end = f"{HERE}chat/placements/{placed.pk}/end/"
        page = client.get(f"{HERE}chat/").text
        [dialog] = re.findall(rf'<dialog [^>]*id="end-{placed.pk}".*?</dialog>', page, re.S)
        assert f'action="{end}"' in dialog
        assert "After its last day Chat runs nowhere. Its limits no longer judge Faro" in dialog
        assert re.search(r'<input[^>]* name="ended_on"[^>]* required', dialog)
        for day, message in (
            ("soon", "Enter a day such as"),
            ("", "Choose the last day"),
            ("2026-10-01", "cannot end before"),
        ):
            assert message in words_of(client.post(end, {"ended_on": day}, follow=True))
        placed.refresh_from_db()
        assert placed.ended_on is None
        client.post(end, {"ended_on": "2026-11-20"})
        placed.refresh_from_db()
        assert placed.ended_on == date(2026, 11, 20)

    def test_yaml_goes_out_and_comes_back_with_faults_by_line(self, client_of, chat):
        client = client_of("planner")
        for path in (f"{HERE}export/", f"{HERE}chat/export/"):
            assert b"slug: chat" in client.get(path).content
        text = client.get(f"{HERE}export/").content
        upload = SimpleUploadedFile("w.yaml", text.replace(b"limit_ms: 50.0", b"limit_ms: -1"))
        answer = client.post(f"{HERE}import/", {"file": upload})
        assert (answer.status_code, "latency.limit_ms" in words_of(answer)) == (422, True)
        assert client.post(f"{HERE}import/", {"text": ""}).status_code == 422
        assert client.post(f"{HERE}import/", {"text": text.decode()}).status_code == 302


def test_what_is_not_there_is_not_found(client_of, chat, placement):
    client = client_of("planner")
    for path in ("nothing/", "nothing/export/"):
        assert client.get(f"{HERE}{path}").status_code == 404
    assert client.post(f"{HERE}other/placements/{placement.pk}/end/").status_code == 404


def test_the_search_finds_it_by_name_for_those_who_may_see_it(client_of, chat):
    answer = client_of("viewer").get("/search/?q=chat")
    assert f"{HERE}chat/" in answer.content.decode()

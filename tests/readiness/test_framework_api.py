"""Endpoints of framework versions: drafts are made, edited, imported, compared, tried, published, gone back from."""

import io
import zipfile

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from readiness.assessment.framework import queries
from readiness.assessment.framework.core.document import folder
from readiness.assessment.framework.models import FrameworkVersion
from tests.inventory import made
from web.versioned.core.files import packed

pytestmark = pytest.mark.django_db
URL = "/api/readiness/frameworks/"


@pytest.fixture
def planning(api_of, frozen_now):
    return api_of("planner")


@pytest.fixture
def draft(planning):
    answer = planning.post(URL, {})
    assert answer.status_code == 201, answer.content
    return answer.json()


def address(version, what=""):
    return f"{URL}{version['id']}/{what}"


def stricter(definition):
    """Weights are quickly read and change every score."""
    return {**definition, "weights": {"BLOCK": 4, "COND": 2, "INFO": 0}}


def texts(answer):
    return [
        f"{one['where']}|{one['field']}|{one['before']}|{one['after']}" for one in answer.json()["changes"]
    ]


def test_a_draft_is_made_edited_and_thrown_away(planning, draft):
    assert (draft["version"], draft["status"]["value"], draft["revision"]) == ("muster-3", "draft", 1)
    assert draft["made_from"]["display"] == "muster-2"
    sent = {"definition": stricter(draft["definition"]), "revision": 1}
    edited = planning.patch(address(draft), sent)
    assert edited.status_code == 200
    assert (edited.json()["revision"], texts(edited)) == (2, ["|weight of BLOCK|3|4"])
    late = planning.patch(address(draft), sent)
    assert late.status_code == 409
    assert "it is at revision 2, you read revision 1" in late.json()["detail"]
    stale = planning.patch(address(draft), sent, headers={"If-Match": 'W/"0"'})
    assert stale.status_code == 412
    assert planning.delete(address(draft)).status_code == 204
    assert planning.delete(f"{URL}{FrameworkVersion.objects.get().pk}/").status_code == 409


def test_a_refusal_names_the_field(planning, draft):
    definition = draft["definition"]
    definition["checks"][0]["gate"] = "SOON"
    refused = planning.patch(address(draft), {"definition": definition})
    assert refused.status_code == 400
    assert refused.json()["path"] == f"checks[{definition['checks'][0]['id']}].gate"
    assert planning.post(URL, {"version": "muster-2"}).json().keys() == {"version"}
    assert planning.patch(address(draft), {"version": "x"}).json().keys() == {"version"}


def exported(api, version, form):
    answer = api.get(f"{address(version, 'export/')}?form={form}")
    assert answer.status_code == 200
    assert f'filename="{version["version"]}.{form}"' in answer["Content-Disposition"]
    return answer.content


def sent(api, version, content, name="definition.yaml", **fields):
    form = {"file": SimpleUploadedFile(name, content), **fields}
    return api.generic(
        "POST", address(version, "import/"), encode_multipart(BOUNDARY, form), MULTIPART_CONTENT
    )


def test_a_check_is_taken_out_by_import(planning, draft):
    definition = yaml.safe_load(exported(planning, draft, "yaml"))
    definition["checks"] = [one for one in definition["checks"] if one["id"] != "p1-soak-24h"]
    pasted = planning.post(address(draft, "import/"), {"text": yaml.safe_dump(definition)})
    assert (pasted.status_code, pasted.json()["path"]) == (400, "counts.p1")
    definition["counts"]["p1"] -= 1
    pasted = planning.post(address(draft, "import/"), {"text": yaml.safe_dump(definition), "revision": 1})
    assert texts(pasted) == ["p1-soak-24h|removed||"]


def test_a_faulty_import_names_file_line_and_field(planning, draft):
    texts = folder(queries.current()[1])
    name = "p2-continuity.yaml"
    lines = texts[name].splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("  gate: BLOCK"))
    lines[at] = "  gate: SOON"
    refused = sent(planning, draft, packed({**texts, name: "\n".join(lines)}), "x.zip")
    assert refused.status_code == 400
    told = refused.json()
    assert (told["file"], told["line"], told["path"].endswith(".gate")) == (name, at + 1, True)


def bomb():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.yaml", "a" * 5_000_000)
    return target.getvalue()


# Named, for an archive has the time of its making in it: two workers would not collect the same tests.
NO_FRAMEWORK = {
    "nested without end": b"[" * 20_000,
    "no such day": b"version: 2026-02-31",
    "a list for a key": b"? [a]\n: 1",
    "half a surrogate pair": b'title: "\\ud800"',
    "a huge number": b"weights: " + b"9" * 5000,
    "a bomb": bomb(),
    "a file that is missing": packed({"index.yaml": "check_files: [gone.yaml]"}),
    "no YAML": packed({"a.txt": ""}),
}


@pytest.mark.parametrize("content", NO_FRAMEWORK.values(), ids=list(NO_FRAMEWORK))
def test_no_file_is_more_than_refused(planning, draft, content):
    refused = sent(planning, draft, content)
    assert refused.status_code == 400
    assert refused.json()["reason"]


def test_two_versions_are_compared(planning, draft):
    planning.patch(address(draft), {"definition": stricter(draft["definition"])})
    told = planning.get(f"{address(draft['made_from'], 'diff/')}?to={draft['id']}").json()
    assert (told["before"], told["after"]) == ("muster-2", "muster-3")
    assert [one["text"] for one in told["changes"]] == ["weight of BLOCK 3 → 4"]
    for odd in ("", "x", "9" * 30, "99"):
        assert planning.get(f"{address(draft, 'diff/')}?to={odd}").status_code == 400


def test_publishing_takes_a_dry_run_of_exactly_this_content(planning, draft, api_of):
    made.site(name="Porto", slug="porto")
    planning.patch(address(draft), {"definition": stricter(draft["definition"])})
    deciding = api_of("manager")
    publish = address(draft, "publish/")
    assert planning.get(address(draft, "dry-run/")).status_code == 404
    refused = deciding.post(publish, {})
    assert (refused.status_code, refused.json()) == (400, {"override_reason": ["There is no dry-run of it."]})

    run = planning.post(address(draft, "dry-run/"))
    assert (run.status_code, run.json()["state"]["value"], run.json()["against"]) == (201, "done", [])
    planning.patch(address(draft), {"definition": draft["definition"]})
    assert deciding.post(publish, {}).json() == {
        "override_reason": ["The draft was edited since its dry-run, which tried revision 2."]
    }
    planning.post(address(draft, "dry-run/"))
    assert deciding.post(publish, {"digest": "other"}).status_code == 412
    published = deciding.post(publish, {"note": "Agreed on Monday"}).json()
    assert (published["status"]["value"], published["published_by"]["display"]) == ("published", "manager")
    assert planning.post(address(draft, "dry-run/")).status_code == 409

    back = deciding.post(address(draft["made_from"], "roll-back/"), {"note": "Too early"})
    assert back.status_code == 201
    assert (back.json()["version"], back.json()["rolls_back_to"]["display"]) == ("muster-4", "muster-2")
    assert deciding.post(address(draft, "roll-back/"), {"note": ""}).status_code == 400


def test_without_a_dry_run_it_takes_a_reason_that_is_kept(planning, draft, api_of):
    sent = {"override_reason": "The fleet is down, and this lifts a wrong alarm"}
    published = api_of("manager").post(address(draft, "publish/"), sent).json()
    assert published["override_reason"] == sent["override_reason"]

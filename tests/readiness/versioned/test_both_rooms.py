"""Documents in versions: what holds for the framework and for the rules of jurisdiction alike."""

import io
import zipfile
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.http import Http404
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readiness.assessment.framework.queries import VERSIONS as FRAMEWORK
from readiness.demand.jurisdiction.operations import VERSIONS as RULES
from tests.readiness.assessment.grants.test_races import at_once
from web.audit.models import AuditEntry
from web.permissions import MissingPermission
from web.versioned.core.documents import written
from web.versioned.versions import NotADraft, NotInForce, StaleContent, StaleRevision

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Room:
    versions: Any
    api: str
    names: str
    page: str


ROOMS = {
    "framework": Room(FRAMEWORK, "/api/readiness/frameworks/", "framework", "framework-version"),
    "rules": Room(RULES, "/api/tradeoffs/rule-packs/", "rule-pack", "rule-pack"),
}

SHIPPED = {FRAMEWORK.prefix: 2, RULES.prefix: 1}
"""Number of the version that a new installation has in force."""


@pytest.fixture(params=ROOMS)
def room(request):
    return ROOMS[request.param]


@pytest.fixture
def versions(room):
    return room.versions


@pytest.fixture
def draft(versions, planner, frozen_now):
    return versions.make_draft(made_from=versions.version_in_force(), by=planner, now=frozen_now.at)


@pytest.fixture
def step(versions, planner, frozen_now):
    def take(draft, title, revision=None, by=planner):
        return versions.edit(
            draft, lambda was: {**was, "title": title}, revision=revision, by=by, now=frozen_now.at
        )

    return take


def test_a_draft_says_what_it_is_made_from_under_the_next_number(versions, draft, planner):
    base = versions.version_in_force()
    assert versions.content(draft) == replace(versions.content(base), version=draft.version)
    assert (draft.status, draft.revision, draft.made_from) == ("draft", 1, base)
    assert (draft.created_by, draft.edited_by) == (planner, None)
    shipped = SHIPPED[versions.prefix]
    assert draft.version == f"{versions.prefix}-{shipped + 1}"
    assert versions.next_name() == f"{versions.prefix}-{shipped + 2}"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_begin_drafts_at_once_each_gets_a_number(versions, planner, frozen_now):
    make = partial(versions.make_draft, made_from=versions.version_in_force(), by=planner, now=frozen_now.at)
    names = [row.version for row in at_once(make, make, make)]
    assert sorted(names) == [f"{versions.prefix}-{SHIPPED[versions.prefix] + more}" for more in (1, 2, 3)]


def test_what_is_written_while_it_is_read_is_read_anew(versions, draft, step):
    read_before = versions.model.objects.get(pk=draft.pk)
    read_before.digest = "as it was"
    step(draft, "Other")
    assert versions.content(read_before).title == "Other"
    assert read_before.revision == 2
    versions.model.objects.filter(pk=draft.pk).delete()
    read_before.digest = "as it was"
    with pytest.raises(Http404):
        versions.content(read_before)


def test_a_step_is_counted_and_the_history_says_which(versions, draft, step, planner):
    after = step(draft, "Other", revision=1)
    assert (after.revision, after.title, after.edited_by) == (2, "Other", planner)
    assert versions.content(after).title == "Other"
    message = f"Edit {versions.noun} {draft.version}, revision 2"
    assert AuditEntry.objects.filter(message=message).exists()
    assert step(after, "Other", revision=2).revision == 2


def test_whoever_comes_late_is_told(draft, step):
    step(draft, "Other", revision=1)
    with pytest.raises(StaleRevision, match="planner changed the draft since: it is at revision 2"):
        step(draft, "Third", revision=1)


def test_what_was_read_is_what_is_published(versions, draft, step, manager, frozen_now):
    before, read = versions.version_in_force(), draft.digest
    draft = step(draft, "Other")
    with pytest.raises(StaleContent):
        versions.publish(draft, digest=read, by=manager, now=frozen_now.at)
    row = versions.publish(draft, digest=draft.digest, by=manager, now=frozen_now.at)
    before.refresh_from_db()
    assert versions.version_in_force() == row
    assert before.status in ("retired", "withdrawn")
    assert (row.published_at, row.published_by) == (frozen_now.at, manager)
    with pytest.raises(NotInForce):
        versions.withdraw(before, by=manager, now=frozen_now.at)


def test_what_is_or_was_in_force_is_neither_edited_nor_thrown_away(versions, step, planner):
    row = versions.version_in_force()
    with pytest.raises(NotADraft, match="so it cannot be changed"):
        step(row, "Other")
    with pytest.raises(NotADraft):
        versions.discard(row, by=planner)
    for write in (
        lambda: versions.model.objects.filter(pk=row.pk).update(digest="x"),
        lambda: versions.model.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_a_draft_that_is_gone_is_no_draft(versions, draft, step, planner):
    gone = versions.model.objects.get(pk=draft.pk)
    versions.discard(draft, revision=1, by=planner)
    with pytest.raises(NotADraft, match="is gone"):
        step(gone, "Other")


@pytest.mark.parametrize("name", ["../etc", "a b", "x" * 51, ".hidden", "TAKEN"])
def test_a_name_is_free_and_fits_addresses(versions, name):
    name = versions.version_in_force().version if name == "TAKEN" else name
    with pytest.raises(ValidationError):
        versions.free_name(name)


@pytest.mark.parametrize("action", ["add", "change", "delete", "publish", "withdraw"])
def test_each_operation_needs_its_permission(versions, draft, viewer, frozen_now, action):
    by, now = viewer, frozen_now.at
    operation = {
        "add": lambda: versions.make_draft(made_from=draft, by=by, now=now),
        "change": lambda: versions.edit(draft, dict, revision=None, by=by, now=now),
        "delete": lambda: versions.discard(draft, by=by),
        "publish": lambda: versions.publish(draft, digest=draft.digest, by=by, now=now),
        "withdraw": lambda: versions.withdraw(draft, by=by, now=now),
    }[action]
    needed = versions.permission("publish" if action == "withdraw" else action)
    with pytest.raises(MissingPermission, match=needed):
        operation()


@pytest.mark.parametrize("form", ["yaml", "zip"])
def test_a_file_goes_out_and_comes_back_without_a_change(room, versions, draft, api_of, form):
    api = api_of("planner")
    address = f"{room.api}{draft.pk}/"
    answer = api.get(f"{address}export/?form={form}")
    assert f'filename="{draft.version}.{form}"' in answer["Content-Disposition"]
    assert (answer.content[:2] == b"PK") is (form == "zip")
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile(f"x.{form}", answer.content)})
    again = api.generic("POST", f"{address}import/", body, MULTIPART_CONTENT)
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    assert again.json()["definition"] == written(versions.content(draft))
    assert api.get(f"{address}export/?form=pdf").json().keys() == {"form"}


def archive(**texts):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, text in texts.items():
            made.writestr(f"{name}.yaml", text)
    return target.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"[", b"- 1", b"\xff\xfe", b"PK\x03\x04no", archive(), archive(a="x: 1", b="y: 1")]
)
def test_a_file_that_is_no_document_is_refused_on_page_and_endpoint(room, draft, client_of, api_of, content):
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("x.yaml", content)})
    refused = api_of("planner").generic("POST", f"{room.api}{draft.pk}/import/", body, MULTIPART_CONTENT)
    assert (refused.status_code, bool(refused.json()["reason"])) == (400, True)
    sent = {"revision": 1, "file": SimpleUploadedFile("x.yaml", content)}
    page = client_of("planner").post(reverse(f"{room.names}-import", args=[draft.pk]), sent)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["file"]


def test_a_draft_is_made_and_thrown_away_on_its_pages(room, versions, planner, client_of, frozen_now):
    planning = client_of("planner")
    sent = {"made_from": versions.version_in_force().pk, "version": "ours"}
    made = planning.post(reverse(f"{room.names}-draft"), sent)
    row = versions.model.objects.get(version="ours")
    assert made["Location"] == reverse(room.page, args=[row.pk])
    refused = planning.post(reverse(f"{room.names}-draft"), sent)
    assert refused.context["form"].errors["version"] == ["Version ours is there already."]
    discard = reverse(f"{room.names}-discard", args=[row.pk])
    copy = versions.make_draft(made_from=row, by=planner, now=frozen_now.at)
    held = planning.post(discard, {"revision": "1"})
    assert (held.status_code, f"{copy}." in held.context["refusals"][0]) == (409, True)
    versions.discard(copy, by=planner)
    for revision, status in (("first", 400), ("7", 409), ("1", 302)):
        assert planning.post(discard, {"revision": revision}).status_code == status
    assert not versions.model.objects.filter(version="ours").exists()


def test_the_version_in_force_is_one_statement_once_it_was_read(versions):
    versions.current()
    with CaptureQueriesContext(connection) as captured:
        versions.current()
    assert len(captured) == 1

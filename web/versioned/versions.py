"""Versioned documents: drafts made from any version, edited in steps, published, retired, discarded, exported.

A room declares once how its documents are read and stored, and calls the operations of the declaration.
"""

import dataclasses
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, transaction
from django.db.models import Model
from django.http import Http404, HttpResponse

from accounts.models import User
from web.actor import acting
from web.cached import CachedAnswer
from web.permissions import MissingPermission
from web.versioned.core.documents import written
from web.versioned.core.files import Texts, packed
from web.versioned.models import PUBLISHED, DocumentVersion


class VersionConflict(Exception):
    """The version is in another state than expected; the message says why."""


class NotADraft(VersionConflict):
    """It is or was in force, so it cannot be changed."""


class NotInForce(VersionConflict):
    """Only the version in force can be withdrawn."""


class NothingPublished(VersionConflict):
    """No version is in force, so nothing can be decided."""


class StaleRevision(VersionConflict):
    """The draft has changed since it was read; the message says who changed what."""


class StaleContent(VersionConflict):
    """The content differs from the one decided on."""


class NeedsReason(Exception):
    """Publishing is an exception that needs a reason; `why` lists the objections."""

    def __init__(self, why: list[str]) -> None:
        super().__init__(" ".join(why))
        self.why = why


type Plain = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")


@dataclass(frozen=True, eq=False)
class Versioned[V: DocumentVersion, D: Any]:
    """Documents of one kind: frozen dataclasses with `version`, `title` and `content_digest`.

    `read` makes a document from plain values, `load` from files, `files` writes files; `stored` reads the document of a
    row, `store` saves a row with its dependents. `refuse` raises DocumentError for a result that no edit may have, and
    `note_step` records the changes of a step. `prefix` begins the names of versions, `noun` is the document's name in
    the history.
    """

    model: type[V]
    noun: str
    prefix: str
    read: Callable[[Plain], D]
    load: Callable[[Texts], D]
    files: Callable[[D], Mapping[str, str]]
    dump: Callable[[D], str]
    stored: Callable[[V], D]
    store: Callable[[V, D], None]
    refuse: Callable[[D], None] = lambda document: None
    note_step: Callable[[V, D, D], None] = lambda row, before, after: None
    dependents: tuple[type[Model], ...] = ()
    documents: CachedAnswer[None, D] = field(init=False)

    def __post_init__(self) -> None:
        documents: CachedAnswer[None, D] = CachedAnswer(
            f"versions of the {self.noun}", versions=(self.model, *self.dependents), most=16
        )
        object.__setattr__(self, "documents", documents)

    def permission(self, action: str) -> str:
        meta = self.model._meta
        return f"{meta.app_label}.{action}_{meta.model_name}"

    def require(self, user: User, action: str) -> None:
        if not user.has_perm(self.permission(action)):
            raise MissingPermission([self.permission(action)])

    def version_in_force(self) -> V | None:
        return cast("V | None", self.model.objects.published().first())  # type: ignore[attr-defined]

    def current(self) -> tuple[V, D]:
        """The version in force and its document; one statement once that is cached. Raises NothingPublished."""
        row = self.version_in_force()
        if row is None:
            raise NothingPublished(f"No version of the {self.noun} is in force, so nothing can be decided.")
        return row, self.content(row)

    def content(self, row: DocumentVersion) -> D:
        """The document of a row, which is read anew if somebody wrote it since."""
        try:
            return self._content(row)
        except self.model.DoesNotExist:
            _read_anew(row)
            return self._content(row)

    def _content(self, row: DocumentVersion) -> D:
        """Keyed by digest too, so that a rewritten row with the same id is never taken for the old one."""
        return self.documents.value(lambda: self._document_of(row.pk, row.digest), key=(row.pk, row.digest))

    def _document_of(self, pk: int, digest: str) -> D:
        rows = self.model._default_manager.filter(pk=pk, digest=digest)
        try:
            return self.stored(rows.get())
        finally:
            # A document in several tables may be written while it is read.
            rows.only("pk").get()

    def make_draft(
        self, *, made_from: V, version: str = "", definition: Plain | None = None, by: User, now: datetime
    ) -> V:
        """A draft with the content of `made_from`, or `definition` if given; by default named by the next number.

        Raises MissingPermission, ValidationError for a taken or invalid name, DocumentError.
        """
        self.require(by, "add")
        with transaction.atomic():
            name = self.free_name(version)
            base = self.content(made_from)
            document = self.read({**(written(base) if definition is None else definition), "version": name})
            self.refuse(document)
            is_edited = document != dataclasses.replace(base, version=name)
            edited = {"edited_at": now, "edited_by": by} if is_edited else {}
            with acting(by, message=f"Draft {self.noun} {name} from {made_from.version}"):
                draft = self.create(document, made_from=made_from, by=by, now=now, **edited)
                self.note_step(draft, base, document)
        return draft

    def edit(
        self, draft: V, change: Callable[[Plain], Plain], *, revision: int | None, by: User, now: datetime
    ) -> V:
        """One step: `change` gets the present content and returns the new one; all of it is saved, or nothing.

        `revision` is the one that the editor read; None if something else, such as an ETag, was compared. A step
        without changes is not recorded. Raises MissingPermission, NotADraft, StaleRevision, DocumentError.
        """
        self.require(by, "change")
        with transaction.atomic():
            locked = self.locked_draft(draft, revision=revision)
            definition = change(written(self.content(locked)))
            return self._step(locked, self.read({**definition, "version": locked.version}), by=by, now=now)

    def replace(self, draft: V, document: D, *, revision: int | None, by: User, now: datetime) -> V:
        """One step to an already parsed document, so that the draft is locked only for comparing and writing.

        The draft keeps its name. Raises as `edit` does.
        """
        self.require(by, "change")
        renamed_document = dataclasses.replace(document, version=draft.version)
        with transaction.atomic():
            return self._step(self.locked_draft(draft, revision=revision), renamed_document, by=by, now=now)

    def _step(self, locked: V, document: D, *, by: User, now: datetime) -> V:
        self.refuse(document)
        if document.content_digest == locked.digest:
            return locked
        before = self.content(locked)
        locked.revision += 1
        locked.edited_at, locked.edited_by = now, by
        with acting(by, message=f"Edit {self.noun} {locked.version}, revision {locked.revision}"):
            self._write(locked, document)
            self.note_step(locked, before, document)
        return locked

    def discard(self, draft: V, *, revision: int | None = None, by: User) -> None:
        """Delete a draft. Raises MissingPermission, NotADraft, StaleRevision."""
        self.require(by, "delete")
        with transaction.atomic():
            locked = self.locked_draft(draft, revision=revision)
            with acting(by, message=f"Discard {self.noun} {locked.version}"):
                locked.delete()

    def publish(
        self,
        draft: V,
        *,
        digest: str,
        by: User,
        now: datetime,
        columns: Callable[[V], Plain] = lambda row: {},
    ) -> V:
        """Put a draft in force and retire the present version; `digest` is that of the content decided on.

        `columns` is called last for further columns, and may refuse. Raises MissingPermission, NotADraft, StaleContent,
        DocumentError.
        """
        self.require(by, "publish")
        with transaction.atomic():
            self.hold_in_force()
            locked = self.locked_draft(draft, revision=None)
            if locked.digest != digest:
                raise StaleContent(
                    "The draft was changed since you read it. Read it again before you publish it."
                )
            self.refuse(self.content(locked))
            values = {"status": PUBLISHED, "published_at": now, "published_by": by, **columns(locked)}
            with acting(by, message=f"Publish {self.noun} {locked.version}"):
                self.take_out(by=by, now=now)
                for name, value in values.items():
                    setattr(locked, name, value)
                locked.save()
        return locked

    def withdraw(self, row: V, *, by: User, now: datetime) -> V:
        """Withdraw the version in force without a replacement. Raises MissingPermission, NotInForce."""
        self.require(by, "publish")
        with transaction.atomic():
            locked = cast(V, self.model._default_manager.select_for_update().get(pk=row.pk))
            if locked.status != PUBLISHED:
                raise NotInForce(f"{locked.version} is not in force.")
            with acting(by, message=f"Withdraw {self.noun} {locked.version}"):
                locked.retire(by=by, now=now)
                locked.save()
        return locked

    def create(self, document: D, *, by: User | None, now: datetime, **columns: Any) -> V:
        row = self.model(version=document.version, created_at=now, created_by=by, **columns)
        self._write(row, document)
        return row

    def _write(self, row: V, document: D) -> None:
        row.title, row.digest = document.title, document.content_digest
        self.store(row, document)

    def take_out(self, *, by: User | None, now: datetime) -> None:
        row = self.version_in_force()
        if row is not None:
            row.retire(by=by, now=now)
            row.save()

    def hold_in_force(self) -> V | None:
        """Lock until the end of the transaction, so that the second of two simultaneous publishers sees the first's
        result.

        A row lock is not enough: the waiting transaction would find the retired row, not its replacement.
        """
        self._hold(0)
        return self.version_in_force()

    def _hold(self, what: int) -> None:
        key = zlib.crc32(self.model._meta.db_table.encode()) >> 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [key, what])

    def locked_draft(self, draft: V, *, revision: int | None) -> V:
        """Lock the draft until the end of the transaction; refuse it if the revision differs from the one read."""
        rows = self.model._default_manager.select_for_update(of=("self",))
        locked = rows.select_related("edited_by", "made_from").filter(pk=draft.pk).first()
        if locked is None:
            raise NotADraft(f"{draft.version} is gone.")
        if not locked.is_draft:
            status = locked.get_status_display().lower()  # type: ignore[attr-defined]
            raise NotADraft(f"{locked.version} is {status}, so it cannot be changed. Create a draft from it.")
        if revision is not None and revision != locked.revision:
            raise StaleRevision(
                f"{locked.edited_by or 'Somebody'} changed the draft since: it is at revision {locked.revision},"
                f" you read revision {revision}. Open it again and repeat what still applies."
            )
        return cast(V, locked)

    def free_name(self, version: str) -> str:
        """The requested name, else the next number. Raises ValidationError for a taken or invalid name."""
        if not version:
            return self.next_name()
        if not _NAME.fullmatch(version):
            message = "Letters, digits, dots, hyphens and underscores, 50 at most, not beginning with a dot."
            raise ValidationError({"version": [message]})
        if self.model._default_manager.filter(version=version).exists():
            raise ValidationError({"version": [f"Version {version} is there already."]})
        return version

    def next_name(self) -> str:
        """`muster-3` after muster-1 and muster-2, whatever other names exist. Two callers at once get two names."""
        self._hold(1)
        pattern = rf"^{self.prefix}-[0-9]{{1,6}}$"
        names = self.model._default_manager.filter(version__regex=pattern).values_list("version", flat=True)
        numbers = [int(name.rpartition("-")[2]) for name in names]
        return f"{self.prefix}-{max(numbers, default=0) + 1}"


def _read_anew(row: DocumentVersion) -> None:
    try:
        row.refresh_from_db()
    except ObjectDoesNotExist as error:
        raise Http404(f"{row} is gone.") from error


def exported(versions: Versioned[Any, Any], row: DocumentVersion, form: str) -> HttpResponse:
    document = versions.content(row)
    content = packed(versions.files(document)) if form == "zip" else versions.dump(document).encode()
    name = "".join(char for char in row.version if char.isalnum() or char in "._-")
    return HttpResponse(
        content,
        content_type="application/zip" if form == "zip" else "application/yaml",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "X-Content-Type-Options": "nosniff",
        },
    )

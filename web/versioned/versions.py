"""Documents in versions: drafts made from any version, edited in steps, put in force, taken out, thrown away, exported.

A room declares once how its documents are read and stored, and calls the operations of the declaration.
"""

import dataclasses
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, transaction
from django.http import Http404, HttpResponse

from accounts.models import User
from web.actor import acting
from web.permissions import MissingPermission
from web.versioned.core.documents import written
from web.versioned.core.files import Texts, packed
from web.versioned.models import PUBLISHED, DocumentVersion


class VersionConflict(Exception):
    """The version is not what somebody thought it is; the message says why."""


class NotADraft(VersionConflict):
    """It is or was in force; what decided something is not rewritten."""


class NotInForce(VersionConflict):
    """Only the version in force is taken out."""


class NothingPublished(VersionConflict):
    """No version is in force, so nothing can be decided."""


class StaleRevision(VersionConflict):
    """The draft went on since it was read; the message says who did what."""


class StaleContent(VersionConflict):
    """The content is another one than what was decided on."""


class NeedsReason(Exception):
    """Publishing it so is an exception that has to be explained; `why` are the sentences of what stands against it."""

    def __init__(self, why: list[str]) -> None:
        super().__init__(" ".join(why))
        self.why = why


type Plain = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")


@dataclass(frozen=True, eq=False)
class Versioned[V: DocumentVersion, D: Any]:
    """Documents of one kind: frozen dataclasses with `version`, `title` and `content_digest`.

    `read` makes a document of plain values, `load` of files, `files` writes it as these; `stored` reads that of a row,
    `store` saves a row with all that hangs on it. `refuse` raises DocumentError for a document that no edit may come
    to, and `note_step` keeps what a step changed. `prefix` begins the names of versions, `noun` is the document's name
    in the history.
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

    def permission(self, action: str) -> str:
        meta = self.model._meta
        return f"{meta.app_label}.{action}_{meta.model_name}"

    def require(self, user: User, action: str) -> None:
        if not user.has_perm(self.permission(action)):
            raise MissingPermission([self.permission(action)])

    def in_force(self) -> V | None:
        return cast("V | None", self.model.objects.published().first())  # type: ignore[attr-defined]

    def current(self) -> tuple[V, D]:
        """The version in force and its document: one statement once that was read. Raises NothingPublished."""
        row = self.in_force()
        if row is None:
            raise NothingPublished(f"No version of the {self.noun} is in force, so nothing can be decided.")
        return row, self.content(row)

    def content(self, row: DocumentVersion) -> D:
        """The document of a row, which is read anew if somebody wrote it since."""
        try:
            document: D = _content(self, row.pk, row.digest)
        except self.model.DoesNotExist:
            _read_anew(row)
            document = _content(self, row.pk, row.digest)
        return document

    def make_draft(
        self, *, made_from: V, version: str = "", definition: Plain | None = None, by: User, now: datetime
    ) -> V:
        """A draft that says what `made_from` says, or `definition` if given; the next number names it if nothing.

        Raises MissingPermission, ValidationError for a name that is taken or none, DocumentError.
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
        """One step: `change` gets what the draft says and returns what it shall say; all of it is taken, or nothing.

        `revision` is what the editor had before them; None where something else, such as an ETag, has compared already.
        A step that changes nothing is none. Raises MissingPermission, NotADraft, StaleRevision, DocumentError.
        """
        self.require(by, "change")
        with transaction.atomic():
            locked = self.locked_draft(draft, revision=revision)
            definition = change(written(self.content(locked)))
            return self._step(locked, self.read({**definition, "version": locked.version}), by=by, now=now)

    def replace(self, draft: V, document: D, *, revision: int | None, by: User, now: datetime) -> V:
        """One step to a document that was read already: the draft is locked no longer than comparing and writing takes.

        The draft keeps its name. Raises as `edit` does.
        """
        self.require(by, "change")
        named = dataclasses.replace(document, version=draft.version)
        with transaction.atomic():
            return self._step(self.locked_draft(draft, revision=revision), named, by=by, now=now)

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
        """Throw a draft away. Raises MissingPermission, NotADraft, StaleRevision."""
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
        """Put a draft in force, and take out what was; `digest` is that of the content decided on.

        `columns` is asked last what else is kept of it, and may refuse. Raises MissingPermission, NotADraft,
        StaleContent, DocumentError.
        """
        self.require(by, "publish")
        with transaction.atomic():
            self.hold_in_force()
            locked = self.locked_draft(draft, revision=None)
            if locked.digest != digest:
                raise StaleContent(
                    "The draft was changed since you read it. Look at it again before you publish it."
                )
            self.refuse(self.content(locked))
            kept = {"status": PUBLISHED, "published_at": now, "published_by": by, **columns(locked)}
            with acting(by, message=f"Publish {self.noun} {locked.version}"):
                self.take_out(by=by, now=now)
                for name, value in kept.items():
                    setattr(locked, name, value)
                locked.save()
        return locked

    def withdraw(self, row: V, *, by: User, now: datetime) -> V:
        """Take the version in force out, with none in its place. Raises MissingPermission, NotInForce."""
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
        row = self.in_force()
        if row is not None:
            row.retire(by=by, now=now)
            row.save()

    def hold_in_force(self) -> V | None:
        """Until the end of the transaction, so that of two who publish at once the second sees what the first did.

        A lock on the row would not do: whoever waited for it finds it retired, and not the one that took its place.
        """
        self._hold(0)
        return self.in_force()

    def _hold(self, what: int) -> None:
        key = zlib.crc32(self.model._meta.db_table.encode()) >> 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [key, what])

    def locked_draft(self, draft: V, *, revision: int | None) -> V:
        """Lock the draft as it is now until the end of the transaction; another revision than was read is refused."""
        rows = self.model._default_manager.select_for_update(of=("self",))
        locked = rows.select_related("edited_by", "made_from").filter(pk=draft.pk).first()
        if locked is None:
            raise NotADraft(f"{draft.version} is gone.")
        if not locked.is_draft:
            status = locked.get_status_display().lower()  # type: ignore[attr-defined]
            raise NotADraft(
                f"{locked.version} is {status}, so it is not changed any more. Create a draft from it."
            )
        if revision is not None and revision != locked.revision:
            raise StaleRevision(
                f"{locked.edited_by or 'Somebody'} changed the draft since: it is at revision {locked.revision},"
                f" you read revision {revision}. Open it again and repeat what still applies."
            )
        return cast(V, locked)

    def free_name(self, version: str) -> str:
        """The name asked for, else the next number. ValidationError if it is taken, or none for files and addresses."""
        if not version:
            return self.next_name()
        if not _NAME.fullmatch(version):
            message = "Letters, digits, dots, hyphens and underscores, 50 at most, not beginning with a dot."
            raise ValidationError({"version": [message]})
        if self.model._default_manager.filter(version=version).exists():
            raise ValidationError({"version": [f"Version {version} is there already."]})
        return version

    def next_name(self) -> str:
        """`muster-3` after muster-1 and muster-2, whatever others are called. Two who ask at once get two."""
        self._hold(1)
        pattern = rf"^{self.prefix}-[0-9]{{1,6}}$"
        names = self.model._default_manager.filter(version__regex=pattern).values_list("version", flat=True)
        numbers = [int(name.rpartition("-")[2]) for name in names]
        return f"{self.prefix}-{max(numbers, default=0) + 1}"


@lru_cache(maxsize=16)
def _content(versions: Versioned[Any, Any], pk: int, digest: str) -> Any:
    """Keyed by digest too, so that a row rewritten under the same id is never mistaken for what it was."""
    rows = versions.model._default_manager.filter(pk=pk, digest=digest)
    try:
        return versions.stored(rows.get())
    finally:
        # What stands in several tables may be written while it is read.
        rows.only("pk").get()


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

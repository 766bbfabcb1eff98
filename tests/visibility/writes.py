"""Every write that there is, at the API and on pages, tried on rows inside a writer's scope and on rows outside of it.

The bodies are what an unlimited administrator reads: an object as the endpoint gives it, a form as its page shows it.
References in them lead into the scope or out of it, as the case asks.
"""

import csv
import io
import json
import re
from dataclasses import dataclass

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction

from tests.browser import addresses
from tests.visibility.form_fields import TEXTS, FormFields
from tests.visibility.mirror import SHIFT
from tests.visibility.outside import HOMES, condition
from tests.visibility.scene import MARK
from tests.web.kinds.samples import EDITS
from tests.web.routes.test_every_answer import BESIDE, FILES
from tests.web.routes.test_every_route import API_PK, asked_for, walked
from web.kinds.kind import KIND_OF
from web.rest.fields import RelatedObjectField

# Rows without a home, which everybody reads and only an account without scopes writes.
SHARED = 7 * SHIFT
IN, OUT, IN_TO_OUT, OUT_TO_IN, INSTALLATION = "in", "out", "moving out", "moving in", "shared"
NUMBERED = re.compile(r"(?<=/)(\d+)(?=/)")
# Nobody writes an object there: a question, signing in and out, and what a user keeps of their own.
NOT_TRIED = re.compile(
    r"(login|logout|first-admin|search|settings/(?!users)|tables/|views/|api/accounts/tokens|api/views"
    r"|api/tradeoffs/(rules/decide|placements)/|.*csv/<int:pk>/$)"
)


@dataclass(frozen=True)
class Attempt:
    """`body` is JSON, or the fields of a form where `is_form`."""

    case: str
    route: str
    method: str
    path: str
    body: object
    is_form: bool = False

    @property
    def name(self):
        return f"{self.method} {self.route} ({self.case})"

    def send(self, client):
        if self.is_form:
            files = {
                name: SimpleUploadedFile("file.csv", each)
                for name, each in self.body.items()
                if isinstance(each, bytes)
            }
            return client.post(self.path, self.body | files)
        return client.generic(self.method, self.path, json.dumps(self.body), "application/json")


class Rows:
    """Keys of rows of a model by where they lie."""

    def __init__(self, writers):
        self.writers, self._keys = writers, {}

    def key(self, model, case):
        """The newest row inside, of the other fleet, or of the whole installation; None if there is none."""
        if (model, case) not in self._keys:
            self._keys[model, case] = self._find(model, case)
        return self._keys[model, case]

    def _find(self, model, case):
        lies_outside, pk = condition(model, self.writers) or "true", f'"{model._meta.pk.column}"'
        where = {
            IN: f"NOT ({lies_outside})",
            OUT: f"{pk} >= {SHIFT} AND {pk} < {2 * SHIFT}",
            INSTALLATION: f"({lies_outside}) AND ({pk} < {SHIFT} OR {pk} >= {SHARED})",
        }[case]
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT max({pk}) FROM "{model._meta.db_table}" WHERE {where}')
            return cursor.fetchone()[0]


def routes():
    """Routes that objects are written by, each with its view."""
    permissions = asked_for()
    for written, callback in walked():
        route = written.replace("^", "").removesuffix("\\Z").removesuffix("$")
        writes = any((route, method) in permissions for method in ("POST", "PUT", "PATCH", "DELETE"))
        if writes and not NOT_TRIED.match(route):
            yield route, callback


def attempts(routes_to_try, everywhere, writers):
    """All attempts; `everywhere` is the client of an administrator who sees all sites."""
    rows = Rows(writers)
    for route, callback in routes_to_try:
        if route.startswith("api/") and hasattr(callback, "cls"):
            yield from Endpoint(route, callback, everywhere, rows).attempts()
        else:
            yield from Page(route, everywhere, rows).attempts()


class Endpoint:
    def __init__(self, route, callback, everywhere, rows):
        self.route, self.everywhere, self.rows = route, everywhere, rows
        self.view, self._read = callback.cls, {}
        self.methods = [
            method.upper()
            for method in getattr(callback, "actions", None) or {}
            if method in {"post", "put", "patch", "delete"} and method in self.view.http_method_names
        ]
        queryset = getattr(self.view, "queryset", None)
        self.model = None if queryset is None else queryset.model._meta.concrete_model

    def attempts(self):
        if f"/{self.route}" in FILES:
            yield from self._files(f"/{self.route}")
        if self.model is None or "<slug" in self.route or f"/{self.route}" in FILES:
            return
        for case in (IN, OUT, INSTALLATION):
            if (key := self.rows.key(self.model, case)) is not None:
                yield from self._of(case, key)

    def _files(self, path):
        """A file about a site inside, and the same about one of the other fleet."""
        for case, site in ((IN, "porto"), (IN_TO_OUT, f"{MARK}-porto")):
            content = FILES[path].replace("porto,", f"{site},").encode()
            fields = {name: site if name == "site" else value for name, value in BESIDE.get(path, {}).items()}
            yield Attempt(case, self.route, "POST", path, fields | {"file": content}, is_form=True)

    def _of(self, case, key):
        body = self._body(key)
        bodies = {case: body}
        if case == IN:
            bodies[IN_TO_OUT] = self._moved(body, SHIFT)
        elif case == OUT:
            bodies[OUT_TO_IN] = self._moved(body, -SHIFT)
        is_of_one = "<pk>" in self.route
        path = "/" + API_PK.sub(str(key), self.route)
        for name, each in bodies.items():
            if each is not None:
                for method in self.methods:
                    if not self._is_tried(name, method, is_of_one):
                        continue
                    sent = self._sent(method, each, key, is_of_one)
                    yield Attempt(name, self.route, method, path, sent)

    @staticmethod
    def _is_tried(case, method, is_of_one):
        """Neither a deletion nor a step says where something is to be; what is made anew comes from nowhere."""
        is_move = case in {IN_TO_OUT, OUT_TO_IN}
        makes = method == "POST" and not is_of_one and case == IN_TO_OUT
        return not is_move or makes or method in {"PUT", "PATCH"}

    def _sent(self, method, body, key, is_of_one):
        if is_of_one and method == "POST":
            return {"note": "As agreed"}
        if method == "POST":
            return self._anew(body)
        sent = {"DELETE": {}, "PATCH": self._changed(body, key)}.get(method, body)
        return sent if is_of_one else [{"id": key} | sent]

    def _changed(self, body, key):
        """What differs from the row as it is; all of it where nothing does."""
        before = self._body(key, changes=False)
        return {name: value for name, value in body.items() if before.get(name) != value} or body

    def _body(self, key, *, changes=True):
        """The fields of a row that can be written, as they are read but for a text; references by id."""
        fields = self._fields()
        if key not in self._read:
            answer = self.everywhere.get(f"{self._list}{key}/")
            self._read[key] = answer.json() if answer.status_code == 200 else {}
        read = self._read[key]
        body = {name: read[name] for name in fields if read.get(name) is not None}
        for name in [name for name, field in fields.items() if isinstance(field, RelatedObjectField)]:
            if isinstance(body.get(name), dict):
                body[name] = body[name]["id"]
        text = next((name for name in TEXTS if changes and isinstance(body.get(name), str)), None)
        return body | ({text: f"{body[text]} again"[:60]} if text else {})

    @property
    def _list(self):
        return "/" + API_PK.split(self.route)[0]

    def _fields(self):
        serializer = getattr(self.view, "serializer_class", None)
        fields = serializer().fields if serializer is not None else {}
        return {name: each for name, each in fields.items() if not each.read_only}

    def _moved(self, body, by):
        """The same with all references into the other fleet, or out of it; None where nothing can be moved."""
        moved = dict(body)
        for name, field in self._fields().items():
            if not isinstance(field, RelatedObjectField):
                continue
            target = field.queryset.model._meta.concrete_model
            ours = self.rows.key(target, IN), self.rows.key(target, OUT)
            if None in ours:
                continue
            present = moved.get(name)
            if isinstance(present, int) and target._base_manager.filter(pk=present + by).exists():
                moved[name] = present + by
            elif name in HOMES and not any(moved.get(home) for home in HOMES):
                moved[name] = ours[by > 0]
        return moved if moved != body else None

    def _anew(self, body):
        """As another object: what is unique is another one."""
        unique = {field.name for field in self.model._meta.concrete_fields if field.unique}
        for constraint in self.model._meta.constraints:
            unique |= set(getattr(constraint, "fields", ()))
        texts = (models.CharField, models.TextField)
        return body | {
            name: f"{value}-w"
            for name, value in body.items()
            if name in unique
            and isinstance(value, str)
            and isinstance(self.model._meta.get_field(name), texts)
        }


class Page:
    """The route of a page that is sent by POST, with the object that its address names, if any."""

    def __init__(self, route, everywhere, rows):
        self.route, self.everywhere, self.rows = route, everywhere, rows

    def attempts(self):
        path = addresses.address(self.route)
        if path.endswith("/csv/"):
            yield from Import(self.route, path, self.everywhere, self.rows).attempts()
            return
        fields = self._fields(path)
        inside, outside = fields.sent(False), fields.sent(True)
        yield from self._bulk(path)
        elsewhere = self._elsewhere(path)
        if elsewhere == path:
            yield self._attempt(IN, path, inside)
            if outside != inside:
                yield self._attempt(IN_TO_OUT, path, outside)
            return
        yield self._attempt(self._case_of(path), path, inside)
        yield self._attempt(IN_TO_OUT, path, outside)
        yield self._attempt(OUT, elsewhere, outside)
        yield self._attempt(OUT_TO_IN, elsewhere, inside)
        if shared := self._shared(path):
            yield self._attempt(INSTALLATION, shared, inside)

    def _attempt(self, case, path, fields):
        return Attempt(case, self.route, "POST", path, fields, is_form=True)

    def _fields(self, path):
        answer = self.everywhere.get(path)
        is_page = answer.status_code == 200 and "html" in answer["Content-Type"]
        return FormFields(answer.text if is_page else "", path)

    def _elsewhere(self, path):
        """The address of the same object in the other fleet."""
        slugged = re.sub(r"(?<=/)porto(?=/)", f"{MARK}-porto", path)
        return NUMBERED.sub(lambda key: str(int(key[1]) + SHIFT) if int(key[1]) < SHIFT else key[1], slugged)

    @property
    def _model(self):
        kind = addresses.kind_of(self.route)
        return kind.model if kind is not None and kind.key == "pk" else None

    def _case_of(self, path):
        """An object of the whole installation is shared, wherever else one stands."""
        model = self._model
        if model is None:
            return IN
        lies_outside, key = condition(model, self.rows.writers), NUMBERED.findall(path)
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT 1 FROM "{model._meta.db_table}" WHERE ({lies_outside or "false"})'
                f' AND "{model._meta.pk.column}" = %s',
                [key[0] if key else 0],
            )
            return INSTALLATION if cursor.fetchone() else IN

    def _shared(self, path):
        key = self.rows.key(self._model, INSTALLATION) if self._model is not None else None
        return NUMBERED.sub(str(key), path) if key else ""

    def _bulk(self, path):
        if not path.endswith("/bulk/"):
            return
        kind = next(each for each in KIND_OF.values() if "bulk" in each.pages and each.url("bulk") == path)
        name, text = EDITS.get(kind.noun, ("note", "As agreed"))
        for case in (IN, OUT, INSTALLATION):
            if key := self.rows.key(kind.model, case):
                yield self._attempt(case, f"{path}?id={key}", {name: text, "confirmed": "?"})


class Import:
    """The page for files of a kind: rows as its list writes them, changed by id, moved, and added."""

    def __init__(self, route, path, everywhere, rows):
        self.route, self.path, self.everywhere, self.rows = route, path, everywhere, rows
        self.kind = next(each for each in KIND_OF.values() if "csv" in each.pages and each.url("csv") == path)

    def attempts(self):
        written = self._written()
        for case in (IN, OUT, INSTALLATION):
            row = written.get(str(self.rows.key(self.kind.model, case)))
            if row is None:
                continue
            yield self._attempt(case, row)
            moved = {name: f"{MARK}-porto" if cell == "porto" else cell for name, cell in row.items()}
            if case == IN and moved != row:
                yield self._attempt(IN_TO_OUT, moved)
                yield self._attempt(IN_TO_OUT, {name: cell for name, cell in moved.items() if name != "id"})

    def _written(self):
        """The lines of the list's file by id, in all columns."""
        columns = ",".join(column.key for column in self.kind.table.columns)
        answer = self.everywhere.get(f"{self.kind.url('list')}?export=csv&cols={columns}")
        lines = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
        return {line["id"]: line for line in lines}

    def _attempt(self, case, row):
        name, text = EDITS.get(self.kind.noun, ("note", "As agreed"))
        file = io.StringIO()
        csv.writer(file).writerows([[name, *row], [text, *row.values()]])
        return Attempt(case, self.route, "POST", self.path, {"file": file.getvalue().encode()}, is_form=True)


def imported(client, path):
    """The answer to keeping the good rows of a file, with its columns as the page proposes them."""
    answer = client.post(path, FormFields(client.get(path).text, path).values)
    return client.post(path, {"action": "good"}) if answer.status_code < 400 else answer


def send(client, attempt):
    """The answer; of an edit of many rows, of the confirmation of what its preview showed."""
    answer = attempt.send(client)
    if attempt.path.endswith("/csv/") and answer.status_code == 302:
        return imported(client, answer["location"])
    if not attempt.is_form or not attempt.body.get("confirmed") or answer.status_code >= 400:
        return answer
    digest = re.search(r'name="confirmed" value="(\w+)"', answer.text)
    return client.post(attempt.path, attempt.body | {"confirmed": digest[1]}) if digest else answer


def tried(client, attempt, outside):
    """The status, and the tables in which rows outside changed; everything is as before afterwards."""
    outside.touched()
    before = transaction.savepoint_create()
    try:
        status = send(client, attempt).status_code
        connection.set_rollback(False)
        tables = outside.touched()
        after = outside.digests(tables)
    finally:
        connection.set_rollback(False)
        transaction.savepoint_rollback(before)
    undisturbed = outside.undisturbed(tables)
    return status, {table for table in tables if after[table] != undisturbed[table]}, bool(tables)

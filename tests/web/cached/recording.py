"""What a kept answer reads while it is read: tables of models, other answers, and settings."""

import re
import sys
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.conf import LazySettings

from web.cached import answer_being_read

ROOT = Path(__file__).resolve().parents[3]
MODEL_OF = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
# Nothing but the triggers of audited models writes there; a reader names the table of the model.
WRITTEN_BY_TRIGGERS = {"audit_entry"}


@contextmanager
def reads_recorded():
    """Yield sets of models and names of settings by answer, filled while answers are read."""
    reads = defaultdict(set)
    execute, look_up = psycopg.Cursor.execute, LazySettings.__getattribute__

    def recorded(cursor, query, params=None, **options):
        if answer := answer_being_read():
            reads[answer] |= models_in(f"{query} {params}")
        return execute(cursor, query, params, **options)

    def looked_up(settings, name):
        if name.isupper() and is_ours(sys._getframe(1)) and (answer := answer_being_read()):
            reads[answer].add(name)
        return look_up(settings, name)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", recorded)
        patched.setattr(LazySettings, "__getattribute__", looked_up, raising=False)
        yield reads


def models_in(text):
    tables = set(re.findall(r"\w+", text)) & MODEL_OF.keys() - WRITTEN_BY_TRIGGERS
    return {MODEL_OF[table] for table in tables}


def is_ours(frame):
    path = Path(frame.f_code.co_filename)
    return path.is_relative_to(ROOT) and path.parts[len(ROOT.parts)] not in ("tests", ".venv")


def faults(answer, read, *, without=None):
    """Say what an answer read and does not declare, and what it declares and did not read; as if its declaration were
    `without` a model."""
    own = {*answer.models, *answer.rows, *answer.eventual, *answer.versions} - {without}
    declared = own | answer.settings
    for inner in answer.answers:
        declared |= inner.watched | inner.eventual | inner.versions
    return {
        *(f"{answer.name} reads {label(each)} and does not declare it" for each in read - declared),
        *(f"{answer.name} declares {label(each)} and does not read it" for each in own - read),
    }


def label(read):
    return read if isinstance(read, str) else read._meta.label

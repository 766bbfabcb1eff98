"""Answers of pages as tests read them: their text, their words, the rows of a file, and what they cost."""

import csv
import io
import json
import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from web.cached import ANSWERS


def text_of(answer, status=200):
    """The body of an answer with this status, of a stream too."""
    body = answer.getvalue().decode()
    assert answer.status_code == status, body[:600]
    return body


def words_of(answer):
    """The text of a page of any status, without markup and with single spaces."""
    return words_in(answer.content.decode())


def words_in(markup):
    markup = re.sub(r'<span class="nowrap">([^<]*)</span>', r"\1", markup)
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def offered_undo(answer):
    """The form by which the message of a page takes back what was just done: address and fields; None without one."""
    form = re.search(
        r'<form class="undo push" method="post" action="([^"]+)">(.*?)</form>', text_of(answer), re.S
    )
    return (
        (form[1], dict(re.findall(r'type="hidden" name="(?!csrf)([^"]+)" value="([^"]*)"', form[2])))
        if form
        else None
    )


def take_back(client, answer):
    """Press the button of the message."""
    url, fields = offered_undo(answer)
    return client.post(url, fields, follow=True)


def rows_of(answer):
    """Rows of a list as a file, JSON or CSV, by the names of their columns."""
    text = text_of(answer).removeprefix("\N{BOM}")
    if answer["Content-Type"].startswith("application/json"):
        return json.loads(text)
    return list(csv.DictReader(io.StringIO(text)))


def forget_answers():
    """Drop what this process keeps, so that what is counted costs the most, and the same each time.

    The documents of published versions stay, because they never change.
    """
    for answer in ANSWERS.values():
        if not answer.name.startswith("versions of the "):
            answer.forget()


def statements(client, path):
    """How many statements an address takes with nothing kept."""
    forget_answers()
    with CaptureQueriesContext(connection) as captured:
        text_of(client.get(path))
    return len(captured)

"""Channels as they are entered by the API."""

import re

PATH = "/api/loop/channels/"
KEY = "A1b2" * 8
SECRET_ADDRESS = "https://example.org/hooks/s3cretpath?token=s3crettoken"


def add(api, **values):
    answer = api.post(PATH, {"kind": "mail", "name": "phone", "address": "ana@example.org"} | values)
    assert answer.status_code == 201, answer.content
    return answer.json()


def step(api, channel, name, body=None):
    return api.post(f"{PATH}{channel['id']}/{name}/", body)


def code_in(message):
    return re.search(r"\b\d{6}\b", message.subject)[0]

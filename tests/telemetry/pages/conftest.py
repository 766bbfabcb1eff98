"""Pages are read as the signed-in person's browser gets them."""

import re

import pytest


@pytest.fixture
def browse(client_of):
    """`browse("ops", "/telemetry/")` is the page's text without markup; `status` says what is expected."""

    def read(role, path, *, status=200, **headers):
        response = client_of(role).get(path, headers=headers)
        assert response.status_code == status, response.content.decode()[:2000]
        return words(response)

    return read


def words(response):
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))

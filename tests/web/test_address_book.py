"""A process without pages knows their addresses: a web process has written them down."""

import subprocess
import sys

import pytest
from django.urls import reverse

from web import address_book

LINKS = """
import django
django.setup()
from web.links import link
print(link("waiver", 7), link("site", "porto", tab="network"), link("ownership-queues"))
import sys
print("config.urls" in sys.modules)
"""


@pytest.fixture
def no_book():
    address_book._client.delete(address_book.KEY)
    yield
    address_book._client.delete(address_book.KEY)


def links_of_a_worker():
    done = subprocess.run(
        [sys.executable, "-c", LINKS], capture_output=True, text=True, check=True, timeout=120
    )
    addresses, has_pages = done.stdout.splitlines()
    return addresses.split(), has_pages == "True"


@pytest.mark.full
@pytest.mark.usefixtures("no_book")
def test_a_worker_links_to_pages_without_loading_them():
    expected = [
        reverse("waiver", args=[7]),
        f"{reverse('site', args=['porto'])}?tab=network",
        reverse("ownership-queues"),
    ]
    assert links_of_a_worker() == (expected, True)
    address_book.publish()
    assert links_of_a_worker() == (expected, False)

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.operations import create_token
from readiness.assessment.evidence.operations import RunContext, import_run
from tests.inventory import made


@pytest.fixture
def form_of(user_of):
    """A program that sends forms with a token of that role."""

    def one(role, scope="write"):
        _, plain = create_token(user=user_of(role), name="forms", scope=scope, by=None, now=datetime.now(UTC))
        return Client(headers={"authorization": f"Bearer {plain}"}, raise_request_exception=False)

    return one


@pytest.fixture
def porto(frozen_now):
    return made.site(name="Porto", slug="porto")


@pytest.fixture
def node(porto):
    return made.device(
        site=porto,
        name="node-1",
        device_type=made.device_type(slug="dgx-h100", kind="node"),
        firmware_version="1.2",
        software_version="560.35",
    )


@pytest.fixture
def take(porto, frozen_now):
    """`take("nccl-tests", content)` imports a file at Porto, now."""

    def one(tool, content, *, site=porto, by=None, **context):
        run = {"site": site, "tool": tool, "content": content, "file_name": "out.log"}
        return import_run(**run, by=by, now=frozen_now.at, context=RunContext(**context))

    return one

"""Every endpoint under requests made from the schema, good and bad: none is answered with a 5xx.

The requests are the same each time. More of each find more and take longer: raise REQUESTS_EACH by hand now and then.
"""

import pytest
import schemathesis
from django.db import transaction
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings

from telemetry.operations import create_source
from tests.inventory import made

REQUESTS_EACH = 3
SHARES = 8
"""Each is a test of its own, so that workers take them side by side."""


@pytest.fixture
def objects(admin, frozen_now):
    """One of each kind, for requests to be about."""
    site = made.site()
    made.accelerator(device=made.device(site=site, rack=made.rack(site=site)))
    made.link()
    made.power_feed(site=site)
    made.cooling_unit(site=site)
    made.capacity_event(site=site)
    create_source(name="porto prometheus", site=site, by=admin, now=frozen_now.at)


def existing_id(path):
    """Of an object that the endpoint knows, None if there is none."""
    endpoint = resolve(path).func
    queryset = getattr(getattr(endpoint, "cls", None), "queryset", None)
    found = queryset.order_by("pk").first() if queryset is not None else None
    return found.pk if found is not None else None


def each_request_of(operation, send):
    """Call `send` with each of the requests made for this operation."""

    @settings(
        max_examples=REQUESTS_EACH,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case):
        send(case)

    run()


@pytest.fixture(scope="module")
def schemas():
    """The schema and its operations as the first test read them: the same in every test, and made in seconds."""
    return []


@pytest.mark.usefixtures("objects")
@pytest.mark.full
@pytest.mark.parametrize("share", range(SHARES))
def test_no_request_made_from_the_schema_breaks_an_endpoint(application, api_of, caplog, schemas, share):
    caplog.set_level("CRITICAL", logger="django.request")
    headers = {"Authorization": api_of("admin").defaults["HTTP_AUTHORIZATION"]}
    if not schemas:
        read = schemathesis.openapi.from_wsgi("/api/schema/", application, headers=headers)
        schemas.append((read, [each.ok() for each in read.get_all_operations()]))
    [(schema, every)] = schemas
    schema.app = application
    answers: list[int] = []
    broken: dict[tuple[str, str], str] = {}

    def send(case):
        # Ids that are made up exist hardly ever: two of three requests are about one that does.
        if about is not None and "id" in case.path_parameters and len(answers) % 3:
            case.path_parameters["id"] = about
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        answers.append(answer.status_code)
        if answer.status_code >= 500:
            broken[case.method, case.path] = case.as_curl_command()

    for operation in every[share::SHARES]:
        about = existing_id(operation.path.replace("{id}", "1").replace("{slug}", "porto"))
        each_request_of(operation, send)
    assert broken == {}
    assert sum(status < 300 for status in answers) > 80 / SHARES

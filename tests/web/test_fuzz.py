"""Endpoints under requests made from their own schema, good and bad: none is answered with a 5xx.

One of each kind: making requests for all of them takes minutes.
"""

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given, settings

from tests.inventory import made

REQUESTS_EACH = 4
PATHS = (
    "/api/inventory/sites/",
    "/api/accounts/tokens/",
    "/api/history/",
    "/api/readiness/results/",
    "/api/telemetry/query/",
    "/api/telemetry/sources/",
)


@pytest.mark.django_db
def test_no_request_made_from_the_schema_breaks_an_endpoint(api_of):
    made.accelerator(device=made.device(site=made.site()))
    headers = {"Authorization": api_of("admin").defaults["HTTP_AUTHORIZATION"]}
    schema = schemathesis.openapi.from_wsgi("/api/schema/", WSGIHandler(), headers=headers)
    answered, broken = 0, {}
    for operation in (each.ok() for each in schema.get_all_operations()):
        if not operation.path.startswith(PATHS):
            continue

        @settings(
            max_examples=REQUESTS_EACH,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def send(case):
            nonlocal answered
            answer = case.call(headers=headers)
            answered += 1
            if answer.status_code >= 500:
                broken[case.method, case.path] = case.as_curl_command()

        send()
    assert broken == {}
    assert answered > 80

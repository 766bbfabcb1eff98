"""A client that a generator makes of the published schema does what programs do with Muster."""

import importlib
import io
import json
import sys

import httpx
import pytest
from openapi_python_client import Config, MetaType, generate
from openapi_python_client.config import ConfigFile

from inventory.models import Site
from tests.published import Published
from tests.readiness.assessment.evidence import outputs

pytestmark = [pytest.mark.django_db, pytest.mark.full, pytest.mark.timeout(300)]
PACKAGE = "muster_of_the_schema"
# YAML files are for people and for Muster's own import.
NOT_FOR_CLIENTS = 3


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The generated package; the generator needs no network."""
    folder = tmp_path_factory.mktemp("client")
    schema = folder / "schema.json"
    schema.write_text(json.dumps(Published.whole().document, default=str))
    config = Config.from_sources(
        ConfigFile(post_hooks=[]), MetaType.NONE, schema, "utf-8", False, folder / PACKAGE
    )
    warnings = generate(config=config)
    assert len(warnings) == NOT_FOR_CLIENTS, [f"{each.header} {each.detail}" for each in warnings]
    sys.path.insert(0, str(folder))
    yield importlib.import_module(PACKAGE)
    sys.path.remove(str(folder))


@pytest.fixture
def call(package, application, everything, api_of):
    """`call("inventory", "sites_list", limit=1)` is what an operation answers, as the client understands it."""
    secret = api_of("admin").defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    transport = httpx.WSGITransport(app=application)
    client = package.AuthenticatedClient("http://testserver", secret, httpx_args={"transport": transport})

    def call(group, operation, *path, **given):
        module = importlib.import_module(f"{PACKAGE}.api.{group}.{group}_{operation}")
        response = module.sync_detailed(*path, client=client, **given)
        # What the client does not know is in no field of its own.
        assert keys_of(response.parsed.to_dict()) == keys_of(json.loads(response.content))
        return response.status_code, response.parsed

    with client:
        yield call


def keys_of(value):
    if isinstance(value, dict):
        return {name: keys_of(each) for name, each in value.items()}
    return [keys_of(each) for each in value] if isinstance(value, list) else None


def test_sites_and_their_checks_are_read(call):
    status, sites = call("inventory", "sites_list", limit=2, ordering="name")
    assert (status, sites.count) == (200, Site.objects.count())
    assert [site.stage.value for site in sites.results]
    _status, results = call("readiness", "results_list", site=["porto"])
    assert {result.site.slug for result in results.results} == {"porto"}
    assert results.results[0].state.value


def test_a_run_is_imported_and_refused_twice(call, package):
    models = importlib.import_module(f"{PACKAGE}.models")
    types = importlib.import_module(f"{PACKAGE}.types")

    def body():
        file = types.File(io.BytesIO(outputs.collective(mark="client")), "out.log", "text/plain")
        return models.RunUploadRequest(site="porto", tool=models.ToolEnum("nccl-tests"), file=file)

    status, run = call("readiness", "validation_runs_create", body=body())
    assert (status, run.site.slug, run.tool.value) == (201, "porto", "nccl-tests")
    status, refused = call("readiness", "validation_runs_create", body=body())
    assert status == 400
    assert refused.to_dict()


def test_problems_and_history_are_read(call):
    _status, problems = call("readiness", "problems_list", limit=3)
    assert problems.count >= len(problems.results) > 0
    _status, entries = call("history", "list", limit=3)
    assert [entry.action for entry in entries.results]


def test_what_one_writes_comes_back_and_goes(call):
    models = importlib.import_module(f"{PACKAGE}.models")
    status, region = call("inventory", "regions_create", body=models.RegionRequest(name="Alps", slug="alps"))
    assert (status, region.slug) == (201, "alps")
    change = models.PatchedRegionRequest(name="The Alps")
    status, changed = call("inventory", "regions_partial_update", region.id, body=change)
    assert (status, changed.name) == (200, "The Alps")


def test_the_same_question_has_an_answer_for_one_site_and_for_all(call, package):
    _status, fleet = call("readiness", "explain")
    assert fleet.left_out is not None
    _status, site = call("readiness", "explain", site="porto")
    assert [check.sentence for check in site.checks]

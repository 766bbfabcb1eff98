"""Every CSV that an address gives, over a fleet in which every free text begins as a formula does."""

import csv
import io
import re
from itertools import islice, product

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from django.test import Client
from django.urls import URLPattern, get_resolver

from inventory.models import Site
from readiness.demand.workloads.models import WorkloadClass
from telemetry.imports.models import ImportRule
from telemetry.models import Source
from tests.web.routes import scenes

pytestmark = [pytest.mark.usefixtures("judged_now"), pytest.mark.full]
OURS = ("accounts", "inventory", "telemetry", "readiness")
# Columns in which people and senders write what they like, and which nothing looks up by.
FREE = re.compile(
    """about|city|close_note|contact|description|detail|driver|escalation|facility|firmware|first_name|instrument
    |last_name|model|name|nos|note|operator|owner|owner_name|part_number|phone|provider|rationale|reason|reference
    |serial|software_version|source|statement|text|threshold_text|title|username|verdict_reason|withdrawal_note
    |workload_name""",
    re.VERBOSE,
)
FORMULA = re.compile(r"\s*[=+@]|-(?![\d.]+(e[+-]?\d+)?$)")
MOST_TRIES = 24
# It asks to be told of which kind the hours are.
WITHOUT_DATA = {"tradeoffs/factors/sites/<slug:slug>/hours.<str:form>"}
# Forms and deeds, which give no file.
DEEDS = (
    *(
        f"{verb}/"
        for verb in ("add", "edit", "change", "delete", "remove", "import", "export", "end", "discard")
    ),
    # Where files are sent to.
    *("csv/", "csv/<int:pk>/"),
)


@pytest.fixture
def everything(frozen_now, on_scene):
    return on_scene(scenes.everything)


def make_formulas():
    """Every free text of ours becomes a formula; no trigger looks on."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    for model in apps.get_models():
        if not model.__module__.startswith(OURS) or model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.local_concrete_fields:
            if (
                FREE.fullmatch(field.name)
                and type(field) in (models.CharField, models.TextField)
                and not field.choices
                # The name of an import rule cannot be one.
                and model is not ImportRule
            ):
                text = Concat(Value("=1+"), Cast("pk", models.TextField()))
                model._base_manager.exclude(**{field.name: ""}).update(**{field.name: text})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")


def routes(resolver, before=""):
    for each in resolver.url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield path
        else:
            yield from routes(each, path)


@pytest.fixture
def values(everything):
    """Candidate values for each address parameter, by its name; the test uses the first that leads to a file."""
    ours = [model for model in apps.get_models() if model.__module__.startswith(OURS)]
    numbered = [model for model in ours if isinstance(model._meta.pk, models.BigAutoField)]
    keys = {model._base_manager.aggregate(first=models.Min("pk"))["first"] for model in numbered}
    slugs = [list(model.objects.values_list("slug", flat=True)) for model in (Site, WorkloadClass)]
    return {
        "form": ["csv"],
        "name": ["hours"],
        "check_id": ["p2-power-headroom"],
        # Sources have a file of their own; no other object has.
        "pk": [Source.objects.values_list("pk", flat=True)[0], *sorted(keys - {None})],
        "slug": [slug for one in slugs for slug in one],
    }


def addresses(route, values):
    """Ways to ask for the route as a file."""
    parameters = re.findall(r"<\w+:(\w+)>", route)
    asked = f"export=csv&metric=up&workload={values['slug'][-1]}"
    for chosen in islice(product(*(values.get(name, []) for name in parameters)), MOST_TRIES):
        path = route
        for value in chosen:
            path = re.sub(r"<\w+:\w+>", str(value), path, count=1)
        yield f"/{path}?{asked}"


def rows_of(client, route, values):
    """The file's rows; None for a route that gives none."""
    for address in addresses(route, values):
        answer = client.get(address)
        if answer.get("Content-Type", "").startswith("text/csv"):
            return list(csv.reader(io.StringIO(answer.getvalue().decode())))
        # Of another object the answer is another one only where there is none of this one.
        if answer.status_code != 404:
            return None
    return None


@pytest.fixture
def reader(everything, user_of):
    make_formulas()
    user = user_of("manager")
    user.is_superuser = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


def test_no_cell_of_any_file_is_a_formula(reader, values, frozen_now):
    pages = [route for route in routes(get_resolver()) if not route.startswith("api/")]
    files = {
        route: rows
        for route in pages
        if not route.endswith(DEEDS) and (rows := rows_of(reader, route, values)) is not None
    }
    run = {
        route: cell for route, rows in files.items() for row in rows for cell in row if FORMULA.match(cell)
    }
    assert run == {}
    named = {route for route in pages if "csv" in route or "<str:form>" in route}
    assert {route for route in named if not route.endswith(DEEDS)} - set(files) == WITHOUT_DATA
    guarded = {
        route for route, rows in files.items() for row in rows for cell in row if cell.startswith("'=1+")
    }
    assert {"inventory/sites/", "tradeoffs/placement.csv", "ownership/raci.csv"} <= guarded
    assert len(guarded) >= 30

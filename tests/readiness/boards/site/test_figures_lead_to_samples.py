"""Each key figure of a site's domains leads to the samples that it was computed from."""

import csv
import io
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from readiness.assessment.scoring.figures import FIGURES

pytestmark = pytest.mark.django_db
_FIGURE = re.compile(r'<dt>([^<]+)</dt><dd class="num"><a href="(/telemetry/explore/[^"]+)"')


def figure_urls(pages, slug):
    page = pages.get(f"/sites/{slug}/").content.decode()
    return {label: unescape(url) for label, url in _FIGURE.findall(page)}


def kind_of(label):
    return next(kind for kind in FIGURES if label.startswith(kind.noun))


def values_at_the_end(pages, url):
    answer = pages.get(f"/telemetry/explore/series.csv?{urlsplit(url).query}")
    assert answer.status_code == 200, url
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode())))
    return {name: next((row[at] for row in rows[:0:-1] if row[at]), "") for at, name in enumerate(rows[0])}


def test_every_figure_leads_to_samples_that_were_sent(well, client_of):
    viewer = client_of("viewer")
    urls = figure_urls(viewer, well.site.slug)
    assert {kind_of(label).key for label in urls} == {kind.key for kind in FIGURES}
    for label, url in urls.items():
        query = parse_qs(urlsplit(url).query)
        assert query["site"] == [well.site.slug]
        lines = values_at_the_end(viewer, url)
        assert len(lines) > 1, (label, url)
        assert all(lines.values()), (label, url, lines)
        assert viewer.get(url).status_code == 200


def test_the_lines_say_what_the_figure_says(well, client_of):
    well.change(DCGM_FI_DEV_GPU_TEMP={"1": 77})
    well.run(10)
    well.evaluate()
    viewer = client_of("viewer")
    by_kind = {kind_of(label).key: url for label, url in figure_urls(viewer, well.site.slug).items()}
    *_, hottest = values_at_the_end(viewer, by_kind["gpu-temperature"]).values()
    assert float(hottest) == 77
    assert f"accelerator_id={well.gpus[1].pk}" in by_kind["gpu-temperature"]
    *_, meter = values_at_the_end(viewer, by_kind["power"]).values()
    assert float(meter) == 60_000
    [pue] = [float(value) for name, value in values_at_the_end(viewer, by_kind["pue"]).items() if "÷" in name]
    assert pue == pytest.approx(60 / 14, abs=0.01)


def test_a_fault_leads_to_the_series_that_shows_it(well, client_of):
    well.change(DCGM_FI_DEV_XID_ERRORS={"0": 79})
    well.run(10)
    well.evaluate()
    viewer = client_of("viewer")
    by_kind = {kind_of(label).key: url for label, url in figure_urls(viewer, well.site.slug).items()}
    query = parse_qs(urlsplit(by_kind["faults"]).query)
    assert query["metric"] == ["DCGM_FI_DEV_XID_ERRORS"]
    assert query["accelerator_id"] == [str(well.gpus[0].pk)]
    *_, code = values_at_the_end(viewer, by_kind["faults"]).values()
    assert float(code) == 79


def test_a_figure_of_before_leads_nowhere(well, client_of):
    """An earlier release stored no samples with its figures; the next evaluation does."""
    health = well.health("compute")
    health.figures = {key: figure | {"samples": {}} for key, figure in health.figures.items()}
    health.save()
    labels = figure_urls(client_of("viewer"), well.site.slug)
    assert {kind_of(label).domain for label in labels} == {"network", "energy"}

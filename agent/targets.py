"""Targets: what is scraped, how often, and by which labels its series are told apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from agent.settings import ScrapeJob
from telemetry.core.addresses import DEFAULT_PORTS, read_address

MOST_LABELS = 64


class BadTarget(ValueError):
    """A target or a group of targets that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class AgentTarget:
    """`labels` are added to each of its series, sorted by name; `job` and `instance` are among them."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str
    labels: tuple[tuple[str, str], ...]
    interval_s: float
    timeout_s: float
    honor_labels: bool = False

    @property
    def authority(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def targets_of_job(job: ScrapeJob) -> list[AgentTarget]:
    """Targets that stand in the job itself. Raises BadTarget."""
    return [_target(address, {}, job) for address in job.targets]


def targets_of_groups(document: Any, job: ScrapeJob) -> list[AgentTarget]:
    """Targets of a list of groups, as Prometheus' discovery by files has it: each has `targets`, and
    `labels` for all of them. `__scheme__`, `__metrics_path__`, `__param_…`, `__scrape_interval__` and
    `__scrape_timeout__` take the place of what the job says. Raises BadTarget."""
    if not isinstance(document, list):
        raise BadTarget("is no list of groups")
    targets: list[AgentTarget] = []
    for number, group in enumerate(document, 1):
        try:
            targets += _targets_of_group(group, job)
        except BadTarget as error:
            raise BadTarget(f"group {number}: {error}") from error
    return targets


def _targets_of_group(group: Any, job: ScrapeJob) -> Iterator[AgentTarget]:
    if not isinstance(group, Mapping) or not isinstance(group.get("targets"), list):
        raise BadTarget("has no list of targets")
    labels = group.get("labels") or {}
    if not isinstance(labels, Mapping) or len(labels) > MOST_LABELS:
        raise BadTarget("labels are no short mapping of names to values")
    texts = {str(name): str(value) for name, value in labels.items() if not isinstance(value, dict | list)}
    for address in group["targets"]:
        yield _target(address, texts, job)


def _target(address: Any, labels: Mapping[str, str], job: ScrapeJob) -> AgentTarget:
    scheme = labels.get("__scheme__", job.scheme)
    if scheme not in DEFAULT_PORTS:
        raise BadTarget(f"__scheme__ is {scheme!r}, not http or https")
    host, port = _host_and_port(address, scheme)
    path = labels.get("__metrics_path__", job.path)
    parameters = {
        name.removeprefix("__param_"): value for name, value in labels.items() if name.startswith("__param_")
    }
    interval_s = _seconds(labels, "__scrape_interval__", job.interval_s)
    own = {**job.labels, **{name: value for name, value in labels.items() if not name.startswith("__")}}
    usual = {"job": job.name, "instance": str(address)}
    return AgentTarget(
        scheme="https" if scheme == "https" else "http",
        host=host,
        port=port,
        path=_path(path, parameters),
        labels=tuple(sorted({**usual, **own}.items())),
        interval_s=interval_s,
        timeout_s=min(_seconds(labels, "__scrape_timeout__", job.timeout_s), interval_s),
        honor_labels=job.honor_labels,
    )


def _host_and_port(address: Any, scheme: str) -> tuple[str, int]:
    if not isinstance(address, str):
        raise BadTarget(f"{str(address)[:80]!r} is no host:port")
    try:
        return read_address(address, default_port=DEFAULT_PORTS[scheme])
    except ValueError as error:
        raise BadTarget(str(error)) from error


def _path(path: str, parameters: Mapping[str, str]) -> str:
    if not path.startswith("/"):
        raise BadTarget(f"{path[:80]!r} is no path: it begins with /")
    whole = quote(path, safe="/?&=%:;,+~@!$'()*")
    if not parameters:
        return whole
    return f"{whole}{'&' if '?' in whole else '?'}{urlencode(sorted(parameters.items()))}"


def _seconds(labels: Mapping[str, str], name: str, usual_s: float) -> float:
    """A number of seconds, such as 15, 15s or 2m."""
    text = labels.get(name)
    if text is None:
        return usual_s
    for unit, factor in (("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)):
        if text.isascii() and text.endswith(unit) and text.removesuffix(unit).isdigit():
            seconds = int(text.removesuffix(unit)[:6]) * factor
            if 1 <= seconds <= 3600:
                return seconds
            break
    raise BadTarget(f"{name} is {text[:80]!r}, not a duration from 1s to 1h")

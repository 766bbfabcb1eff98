"""The file that sets the agent up: its fields, and what is wrong with one."""

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.documents import UnreadableFile, read_document
from telemetry.core.addresses import read_address

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def _check_labels(labels: dict[str, str]) -> dict[str, str]:
    for name in labels:
        if not _LABEL.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a label")
    return labels


def _check_address(url: str) -> str:
    match = re.fullmatch(r"https?://([^\s/@?#]+)/*", url)
    if match is None:
        raise ValueError("write the address as https://host or https://host:port")
    read_address(match[1], default_port=443)
    return url.rstrip("/")


type LabelValues = Annotated[dict[str, str], AfterValidator(_check_labels)]
type Network = IPv4Network | IPv6Network


class AgentDocument(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class ScrapeJob(AgentDocument):
    """Targets that are scraped alike. They stand here, or in files that tools of the site write."""

    name: str = Field(min_length=1, max_length=200)
    targets: tuple[str, ...] = ()
    # Patterns of paths. Each file is a list of groups, as for Prometheus' discovery by files.
    files: tuple[str, ...] = ()
    # Whether it takes the targets that Muster lists for the site of the token.
    from_muster: bool = False
    labels: LabelValues = Field(default_factory=dict)
    scheme: Literal["http", "https"] = "http"
    path: str = Field("/metrics", pattern=r"^/[!-~]*$")
    interval_s: float = Field(15, ge=1, le=3600)
    timeout_s: float = Field(10, gt=0, le=120)
    # Whether labels that a target states win over those of the agent, as for a target that speaks for others.
    honor_labels: bool = False

    @model_validator(mode="after")
    def _check(self) -> "ScrapeJob":
        if self.timeout_s > self.interval_s:
            raise ValueError("timeout_s is longer than interval_s")
        if not (self.targets or self.files or self.from_muster):
            raise ValueError("a job needs targets, files or from_muster")
        return self


class BufferSettings(AgentDocument):
    """Where samples wait, and how much of the disk they may take."""

    folder: Path
    megabytes: int = Field(1024, ge=16)


class ScrapeLimits(AgentDocument):
    """Limits of one scrape, beyond which it counts as failed, and of the number of targets."""

    body_megabytes: int = Field(default=16, ge=1, le=256)
    samples: int = Field(default=50_000, ge=1, le=1_000_000)
    labels: int = Field(default=64, ge=1, le=256)
    targets: int = Field(default=1000, ge=1, le=10_000)


type Command = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class SlurmSettings(AgentDocument):
    """Commands that print Slurm's reports in JSON, each as a list of the program and its arguments: no shell reads
    them."""

    commands: tuple[Command, ...] = Field(
        (("scontrol", "show", "nodes", "--json"), ("squeue", "--json")), min_length=1
    )
    interval_s: float = Field(60, ge=15, le=3600)
    # Seconds for one command, and megabytes that it may print.
    timeout_s: float = Field(20, gt=0, le=120)
    megabytes: int = Field(16, ge=1, le=16)


class AgentSettings(AgentDocument):
    # Muster's address, and the file that holds the token of the site's source.
    muster: Annotated[str, AfterValidator(_check_address)]
    token_file: Path
    # The networks that targets may have addresses in: the agent connects to no other.
    networks: tuple[Network, ...] = Field(min_length=1)
    buffer: BufferSettings
    jobs: tuple[ScrapeJob, ...] = ()
    slurm: SlurmSettings | None = None
    # Added to each series that has no such label.
    labels: LabelValues = Field(default_factory=dict)
    # Certificates that are trusted beside those of the system.
    ca_file: Path | None = None
    limits: ScrapeLimits = ScrapeLimits()
    # Seconds between two looks at files; seconds for which samples may wait in memory.
    discovery_s: float = Field(60, ge=1, le=3600)
    write_s: float = Field(5, ge=0.1, le=60)

    @model_validator(mode="after")
    def _check(self) -> "AgentSettings":
        names = [job.name for job in self.jobs]
        if len(set(names)) < len(names):
            raise ValueError("two jobs have the same name")
        if not self.jobs and self.slurm is None:
            raise ValueError("nothing to scrape: name jobs")
        if sum(job.from_muster for job in self.jobs) > 1:
            raise ValueError("two jobs take their targets from Muster")
        return self


def read_settings(path: Path) -> AgentSettings:
    """Raises UnreadableFile, which names each field that is wrong."""
    document = read_document(path)
    try:
        return AgentSettings.model_validate(document)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        ]
        raise UnreadableFile("\n".join(f"{path}: {fault}" for fault in faults)) from error

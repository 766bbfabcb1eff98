"""iperf3 `-J`: what was received, not only sent; an error in the document is a refusal, never a zero."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

from readiness.evidence.core.documents import Json, text_of, tidy, without_secrets
from readiness.evidence.core.parsed import Figure, Parsed, ParseError
from readiness.evidence.core.units import converted


def parse(content: bytes) -> Parsed:
    """Gb/s received; for TCP retransmits and round trips, for UDP jitter and loss."""
    text = text_of(content)
    document = Json.of(text)
    error = document.get("error")
    if error is not None:
        error.refuse(f"iperf3 reports an error: {tidy(error.value)}")
    start, end = document.need("start"), document.need("end")
    test = start.get("test_start")
    protocol = (test.text("protocol") if test is not None else "").lower()
    streams = None if test is None or test.get("num_streams") is None else test.whole("num_streams")
    size = None if test is None or test.get("blksize") is None else test.whole("blksize")
    figures = [
        Figure(
            name=name,
            value=value,
            unit=unit,
            operation=protocol,
            streams=streams,
            size_bytes=size,
            samples=samples,
        )
        for name, value, unit, samples in _figures(end, protocol)
    ]
    hosts, loopback = _ends(start)
    return Parsed(
        tool="iperf3",
        figures=tuple(figures),
        kept=without_secrets(text, document.value),
        versions=(("iperf3", start.text("version").removeprefix("iperf ")),),
        hosts=hosts,
        taken_at=_taken_at(start),
        loopback=loopback,
    )


def _figures(end: Json, protocol: str) -> list[tuple[str, float, str, int | None]]:
    received = end.get("sum_received") or end.need("sum")
    rate = received.number("bits_per_second")
    if rate <= 0:
        received.need("bits_per_second").refuse("Nothing was received: the run measured nothing.")
    figures: list[tuple[str, float, str, int | None]] = [
        ("bandwidth", converted(rate, "b/s", "Gb/s") or 0.0, "Gb/s", None)
    ]
    if protocol == "udp":
        packets = received.whole("packets") if received.get("packets") is not None else None
        for key, name, unit in (("jitter_ms", "jitter", "ms"), ("lost_percent", "loss", "%")):
            value = received.optional_number(key)
            if value is not None:
                figures.append((name, value, unit, packets))
        return figures
    sent = end.get("sum_sent")
    retransmits = sent.optional_number("retransmits") if sent is not None else None
    if retransmits is not None:
        figures.append(("retransmits", retransmits, "", None))
    senders = [sender for stream in end.listed("streams") if (sender := stream.get("sender")) is not None]
    for key, name in (("mean_rtt", "round_trip_average"), ("max_rtt", "round_trip_max")):
        values = [value for sender in senders if (value := sender.optional_number(key)) is not None]
        # iperf3 writes 0 where the system does not tell.
        if values and max(values) > 0:
            figures.append((name, max(values), "µs", None))
    return figures


def _ends(start: Json) -> tuple[tuple[str, ...], str]:
    hosts: list[str] = []
    same = []
    for pair in start.listed("connected"):
        local, remote = pair.text("local_host"), pair.text("remote_host")
        hosts += [host for host in (local, remote) if host]
        same.append(bool(remote) and (local == remote or _is_loopback(remote)))
    loopback = "Both ends were one machine: the run crossed no network." if same and all(same) else ""
    return tuple(dict.fromkeys(hosts)), loopback


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def _taken_at(start: Json) -> datetime | None:
    stamp = start.get("timestamp")
    seconds = stamp.optional_number("timesecs") if stamp is not None else None
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ParseError(1, f"The time {seconds:g} is none.") from error

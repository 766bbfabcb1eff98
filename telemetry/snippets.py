"""Configuration for senders, ready to paste."""

from telemetry.models import Source

# Stands where the token was shown once and cannot be shown again.
PLACEHOLDER = "<the token>"


def prometheus(source: Source, *, url: str, token: str = PLACEHOLDER) -> str:
    lines = [
        "global:",
        f"  scrape_interval: {_duration(source.cadence_s)}",
    ]
    labels = []
    if source.site_label:
        labels.append(
            f"    {source.site_label}: my-site  # the slug of the site, unless the targets carry the label themselves"
        )
    if source.replica_label:
        labels.append(f"    {source.replica_label}: a  # another name in the other Prometheus of the pair")
    if labels:
        lines += ["  external_labels:", *labels]
    lines += [
        "remote_write:",
        f"  - url: {url}",
        "    authorization:",
        f"      credentials: {token}",
        "    queue_config:",
        "      retry_on_http_429: true  # waits when it is asked to, where samples would be given up",
    ]
    return "\n".join(lines)


def _duration(seconds: int) -> str:
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"

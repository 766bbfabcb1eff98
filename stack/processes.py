"""The commands of Muster's processes, in one place: a test checks that `docker-compose.yml` uses the same."""

import shlex

QUEUES, BULK = "ingest,scoring,delivery", "default"
PORT = 8000
SHARED = "config.shared"
"""The module that loads what the processes share."""


def migrate() -> tuple[str, ...]:
    return _python("manage.py migrate --no-input")


def announce_migrations() -> tuple[str, ...]:
    return _python("manage.py announce_migrations")


def collectstatic() -> tuple[str, ...]:
    return _python("manage.py collectstatic --no-input --clear --ignore redoc --verbosity 0")


def load_demo() -> tuple[str, ...]:
    return _python("manage.py load_demo")


def web(*, host: str, port: int) -> tuple[str, ...]:
    # ASGI, not WSGI: some senders chunk their bodies, and a WSGI server hands Django an empty one. Connections are kept
    # for longer than senders and proxies wait between two requests (5 s by Prometheus, 60 s by nginx): whoever sends on
    # one that is just being closed has to send again.
    return _python(
        f"-m uvicorn config.asgi:application --http web.serving.protocol:BoundedProtocol --host {host} --port {port} "
        "--no-server-header --no-access-log --no-proxy-headers --timeout-graceful-shutdown 3 "
        "--timeout-keep-alive 75"
    )


def worker() -> tuple[str, ...]:
    return _python(f"-m config.worker --queues {QUEUES} --bulk {BULK} --concurrency 2")


def beat(*, state: str) -> tuple[str, ...]:
    return _python(f"-m config.beat --state {shlex.quote(state)}")


def demo_logins() -> tuple[str, ...]:
    return _python("-m readiness.demo.logins")


def first_admin_link(*, url: str) -> tuple[str, ...]:
    return _python(f"manage.py first_admin_link --base-url {url}")


def demo_sender(*, url: str) -> tuple[str, ...]:
    return _python(f"-m readiness.demo.sending --url {url}")


def _python(arguments: str) -> tuple[str, ...]:
    return ("python", *shlex.split(arguments))

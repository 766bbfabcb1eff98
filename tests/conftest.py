"""Fixtures for every test: a user of each role, clients for pages and endpoints, and a clock that stands still."""

import gc
import os
import socket
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from _pytest import runner
from django.test import Client
from hypothesis import HealthCheck, settings

from tests.selection import PATIENCE_S, deselect, is_patient, leave_out_parts, marks_full, takes_minutes

# How fast a machine is says nothing about the property.
# On CI the same examples each time, so that a run fails for the change it is about; elsewhere the search goes on.
settings.register_profile(
    "muster",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("muster")

PASSWORD = "a-long-enough-password"
NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


def pytest_addoption(parser):
    parser.addoption(
        "--patient",
        choices=("only", "none"),
        help="only the tests marked full that may take as long as they like, beside others; or all but these",
    )


def pytest_configure():
    from django.conf import settings as muster

    # The real one is slow on purpose; nearly every test has a user.
    muster.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Tests that try every address do so within a minute; those of the limit set one.
    muster.API_CALLS_PER_MINUTE = 0
    # Tests move the clock by years, and sign in once; those of sessions and of confirming set these.
    muster.SESSION_IDLE = muster.SESSION_LIFETIME = muster.CONFIRM_EVERY = timedelta(days=36500)


def pytest_ignore_collect(collection_path, config):
    """Patient tests are in few files; reading all the others takes longer than many of these tests."""
    is_module = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    if config.getoption("patient") == "only" and is_module and not marks_full(collection_path):
        return True
    return None


def pytest_sessionfinish(session, exitstatus):
    """`.ci/run` asks whether every test was tried."""
    if (kept := getattr(session.config, "cache", None)) and not hasattr(session.config, "workerinput"):
        kept.set("muster/exit_status", int(exitstatus))


# Or those of a browser, which is closed again only with the last test that needs it.
LATER = {"db", "transactional_db", "live_server", "served_port", "django_db_setup", "chromium"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Those that take minutes first, then tests without the database: whichever of them came last, one worker was left
    idle beside it."""
    leave_out_parts(config, items)
    if choice := config.getoption("patient"):
        if lost := [item.nodeid for item in items if is_patient(item) and not marks_full(item.path)]:
            raise pytest.UsageError(f"Their files do not say that they are full: {', '.join(lost)}")
        deselect(config, items, [item for item in items if is_patient(item) is (choice == "none")])
    items.sort(key=lambda item: (not takes_minutes(item), uses_servers(item)))
    if config.getoption("patient") == "only":
        for item in items:
            # At the lowest priority a test takes several times as long.
            item.add_marker(pytest.mark.timeout(PATIENCE_S), append=False)


def uses_servers(item):
    return item.get_closest_marker("django_db") is not None or not LATER.isdisjoint(
        getattr(item, "fixturenames", ())
    )


def pytest_collection_finish():
    """All that was imported stays: looking through it for garbage again and again takes a tenth of a run.

    What is imported or kept later is as large, so that it is looked through seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """A page is made by hundreds of calls in one another; see `call_with_room`."""
    from web.serving.lanes import call_with_room

    return call_with_room(runner.pytest_runtest_protocol, item, nextitem)


class FrozenClock:
    """What `web.clock.now()` says during a test. `move` sets it forward; nothing else does."""

    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at

    def move(self, **by):
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def frozen_now(monkeypatch):
    """Freeze the clock at NOW: `frozen_now.at` is the time, `frozen_now.move(minutes=5)` goes on."""
    from web import clock

    frozen = FrozenClock(NOW)
    monkeypatch.setattr(clock, "_read", frozen)
    return frozen


@pytest.fixture(scope="session")
def django_db_setup(request, tmp_path_factory, django_test_environment, django_db_blocker):
    """In the place of pytest-django's, which has each worker migrate a database of its own."""
    from django.test import TransactionTestCase

    from tests import database
    from web import clock

    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patched:
        # Whichever test is the first: what comes with Muster is published at the same time for all.
        patched.setattr(clock, "_read", lambda: datetime.now(UTC))
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda case: database.put_back())
        databases = database.Databases(worker, folder.parent if worker else folder)
        with django_db_blocker.unblock():
            databases.create()
        yield databases
        with django_db_blocker.unblock():
            databases.drop()


@pytest.fixture
def on_scene(db, django_db_setup):
    """`on_scene(whole)` begins the test at a scene, and gives what its maker returned."""
    from django.db import connection

    commits = not connection.in_atomic_block
    with ExitStack() as until:
        yield lambda scene: until.enter_context(django_db_setup.on(scene, commits=commits))


@pytest.fixture(scope="module", autouse=True)
def _figures_of_few_addresses():
    """Forget the addresses that earlier tests asked for: `/metrics` would take a second to write them all."""
    from web import metrics

    metrics._requests.clear(), metrics._seconds.clear()


@pytest.fixture(scope="session", autouse=True)
def _static_root():
    """WhiteNoise warns when the folder of collected files is missing; tests serve from the sources."""
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session", autouse=True)
def _static_files(_static_root):
    """Each client of a test has a WhiteNoise of its own, which would look through all static files again."""
    from django.conf import settings
    from whitenoise.middleware import WhiteNoiseMiddleware

    look, files = WhiteNoiseMiddleware.add_files_from_finders, {}

    def look_once(whitenoise):
        if settings.STATIC_URL not in files:
            look(whitenoise)
            files[settings.STATIC_URL] = dict(whitenoise.files)
        whitenoise.files |= files[settings.STATIC_URL]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _contexts_of_pages():
    """Keep the context of each page, but not of the hundreds of templates that it includes."""
    from django.test import client

    store_rendered = client.store_rendered_templates

    def store_pages(store, signal, sender, template, context, **options):
        if context.template is template:
            store_rendered(store, signal, sender, template, context, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(client, "store_rendered_templates", store_pages)
        yield


@pytest.fixture(autouse=True)
def _empty_cache(request):
    """Counters of failed sign-ins and the like would otherwise reach from one test into the next."""
    yield
    from django.core.cache import cache, caches

    if caches.all(initialized_only=True) or uses_servers(request.node):
        cache.clear()


@pytest.fixture
def without_cache(settings):
    """No cache answers: where it should be, nothing listens."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}


def make_user(role, **given):
    """A user with that role; further arguments are those of `accounts.operations.create_user`."""
    from accounts import operations
    from accounts.models import User

    username = given.pop("username", role)
    user = User.objects.filter(username=username).first()
    if given.get("kind") == User.Kind.SERVICE:
        given.setdefault("purpose", f"Acts for {username}")
        given["owner"] = given.get("owner") or make_user("viewer", username="owner")
    else:
        given.setdefault("password", PASSWORD)
    return user or operations.create_user(username=username, role=role, by=None, now=NOW, **given)


@pytest.fixture
def user_of(db):
    return make_user


@pytest.fixture
def viewer(user_of):
    return user_of("viewer")


@pytest.fixture
def ops(user_of):
    return user_of("ops")


@pytest.fixture
def planner(user_of):
    return user_of("planner")


@pytest.fixture
def manager(user_of):
    return user_of("manager")


@pytest.fixture
def admin(user_of):
    return user_of("admin")


@pytest.fixture
def client_of(user_of):
    """A browser signed in as a role: `client_of("planner").get("/")`. `None` is nobody."""

    def make(role):
        client = Client(raise_request_exception=True)
        if role is not None:
            client.force_login(user_of(role))
        return client

    return make


class ApiClient(Client):
    """JSON in and out: `api.post("/api/…", {...})` sends the data as JSON, whatever it is."""

    def __init__(self, token="", **options):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        super().__init__(headers=headers, **options)

    def generic(self, method, path, data="", content_type="application/json", **extra):
        return super().generic(method, path, data, content_type, **extra)

    def post(self, path, data=None, content_type="application/json", **extra):
        return super().post(path, data=data, content_type=content_type, **extra)

    def put(self, path, data=None, content_type="application/json", **extra):
        return super().put(path, data=data, content_type=content_type, **extra)

    def patch(self, path, data=None, content_type="application/json", **extra):
        return super().patch(path, data=data, content_type=content_type, **extra)

    def delete(self, path, data="", content_type="application/json", **extra):
        return super().delete(path, data=data, content_type=content_type, **extra)


@pytest.fixture
def api_of(user_of):
    """A program with a token of that role: `api_of("planner").post(path, {...})`. `None` has no token."""
    from accounts import operations

    def make(role, scope="write", **given):
        if role is None:
            return ApiClient()
        _, plain = operations.create_token(
            user=user_of(role, **given), name=f"{role} {scope}", scope=scope, by=None, now=datetime.now(UTC)
        )
        return ApiClient(plain)

    return make


@pytest.fixture
def application():
    """Muster as a server calls it, on the test's own connection, which Django would close after each request."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="session", autouse=True)
def no_door():
    """Servers of tests share Valkey with tests of other times, so none of them notes that it takes samples."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("web.serving.pulse.note_door", lambda *, now: None)
        yield


@pytest.fixture(scope="session")
def served_port(django_db_setup):
    """uvicorn with the whole application on a socket of the loopback interface, until no test needs it any more."""
    import uvicorn

    from config.asgi import application

    # Between tests pytest-django refuses the database to all threads. The watch on it ended with that refusal, and if a
    # busy machine had just delayed an answer, every later request was answered that the database does not answer.
    application.app._pulse._answers = lambda: True
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning", lifespan="on"))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    # So that who connects before the thread has come that far waits, and is not refused.
    listening.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=20)
    listening.close()
    assert not thread.is_alive()

"""A Muster under its launcher, on servers that a test can take away: one for all tests that leave it well."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import schema
from tests import migrated
from tests.peers.launched import Launched
from tests.peers.muster import PASSWORD
from tests.peers.running import Programs
from tests.peers.servers import Server, servers

ROOT = Path(__file__).parents[2]
SITE, VIEWER = "porto", "onlooker"


@dataclass(frozen=True)
class Standing:
    """`viewer` are the headers of somebody signed in who may look at everything."""

    muster: Launched
    postgres: Server
    valkey: Server
    viewer: dict[str, str]

    def add_source(self, name: str) -> str:
        """The token of its sender."""
        given = {"name": name, "site": {"slug": SITE}}
        token: str = self.muster.post("/api/telemetry/sources/", given)["token"]
        return token


@contextmanager
def standing(**settings: str) -> Iterator[Standing]:
    folder = Path(tempfile.mkdtemp(prefix="muster-standing-"))
    folder.chmod(0o755)  # the launcher wants the account of a PostgreSQL of its own to reach its data
    programs = Programs(folder)
    with servers() as (postgres, valkey):
        # What the launcher makes of an empty database, `test_faults` tries.
        if migrated.restore(postgres.url):
            schema.begin(postgres.url)
            schema.note_migrated(postgres.url, ROOT)
        databases = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        muster = Launched(ROOT, folder / "data", programs, **databases, **settings)
        try:
            muster.start()
            muster.add_site(SITE)
            muster.post("/api/accounts/users/", {"username": VIEWER, "role": "viewer", "password": PASSWORD})
            yield Standing(muster, postgres, valkey, {"Cookie": muster.session(VIEWER)})
        finally:
            muster.stop()
            programs.end_all()
            shutil.rmtree(folder, ignore_errors=True)

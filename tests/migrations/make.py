"""Writes the dump of a database with a row of each kind: `make test args=tests/migrations/make.py`.

Only when migrations were written anew, which ends with the first release: the dump is what users have by then.
"""

import gzip

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission

from accounts.models import SignInLink
from readiness.demand.workloads.models import ServedRegion, UserRegion, WorkloadClass
from readiness.demo.models import DemoFleet
from tests.conftest import NOW
from tests.migrations.programs import DUMP, dump
from tests.visibility.conftest import rows_of_all_kinds
from web.kinds.models import FileImport

__all__ = ["rows_of_all_kinds"]


@pytest.mark.django_db(transaction=True)
def test_write_the_dump(rows_of_all_kinds, ops):
    ops.user_permissions.add(Permission.objects.get(codename="view_site"))
    SignInLink.objects.create(digest=b"x" * 32, created_at=NOW, expires_at=NOW)
    DemoFleet.objects.create(loaded_at=NOW, scale=1)
    FileImport.objects.create(kind="inventory.site", by=ops, file_name="sites.csv", content=b"", begun_at=NOW)
    served = {"workload_class": WorkloadClass.objects.first(), "user_region": UserRegion.objects.first()}
    ServedRegion.objects.create(**served)
    written = dump(settings.DATABASES["default"]["NAME"])
    DUMP.write_bytes(gzip.compress(written, mtime=0))
    assert len(written) > 1_000_000

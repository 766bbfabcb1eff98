"""Pages of evidence, under /evidence/."""

from functools import partial

from django.urls import path

from readiness.evidence.kinds import KINDS, RUNS
from readiness.evidence.views import runs
from web.kinds.addresses import addresses
from web.kinds.pages import object_list
from web.permissions import require

urlpatterns = [
    path("", require(*RUNS.may)(partial(object_list, kind=RUNS)), name="evidence"),
    path("runs/<int:pk>/", runs.run, name="validation-run-detail"),
    path("runs/<int:pk>/baseline/", runs.baseline, name="validation-run-baseline"),
    path("runs/<int:pk>/file/", runs.file, name="validation-run-file"),
    *(each for kind in KINDS for each in addresses(kind)),
]

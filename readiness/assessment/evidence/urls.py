"""Pages of evidence, under /evidence/."""

from functools import partial

from django.urls import path

from readiness.assessment.evidence import views
from readiness.assessment.evidence.kinds import KINDS, RUNS
from web.kinds.addresses import addresses
from web.kinds.pages import object_list
from web.permissions import require

urlpatterns = [
    path("", require(*RUNS.may)(partial(object_list, kind=RUNS)), name="evidence"),
    path("runs/<int:pk>/", views.run, name="validation-run-detail"),
    path("runs/<int:pk>/baseline/", views.baseline, name="validation-run-baseline"),
    path("runs/<int:pk>/move/", views.move, name="validation-run-move"),
    path("runs/<int:pk>/withdraw/", views.withdraw, name="validation-run-withdraw"),
    path("runs/<int:pk>/file/", views.file, name="validation-run-file"),
    path("attestations/<int:pk>/", views.STEPS.object_page, name="attestation-detail"),
    *views.STEPS.routes("attestations/<int:pk>/"),
    *(each for kind in KINDS for each in addresses(kind)),
]

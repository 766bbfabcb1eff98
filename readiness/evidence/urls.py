"""Pages of evidence, under /evidence/."""

from django.urls import path

from readiness.evidence.views import records, runs

urlpatterns = [
    path("", runs.page, name="evidence"),
    path("runs/add/", runs.add, name="validation-run-add"),
    path("runs/<int:pk>/", runs.run, name="validation-run-detail"),
    path("runs/<int:pk>/file/", runs.file, name="validation-run-file"),
    path("facts/", records.facts, name="facts"),
    path("facts/add/", records.record, name="recorded-fact-add"),
    path("attestations/", records.attestations, name="attestations"),
    path("attestations/add/", records.attest, name="attestation-add"),
    path("floors/", records.floors, name="floors"),
]

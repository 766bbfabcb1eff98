"""Pages of evidence, under /evidence/."""

from django.urls import path

from readiness.evidence.views import floors, limits, records, runs

urlpatterns = [
    path("", runs.page, name="evidence"),
    path("runs/add/", runs.add, name="validation-run-add"),
    path("runs/<int:pk>/", runs.run, name="validation-run-detail"),
    path("runs/<int:pk>/baseline/", runs.baseline, name="validation-run-baseline"),
    path("runs/<int:pk>/file/", runs.file, name="validation-run-file"),
    path("facts/", records.facts, name="facts"),
    path("facts/add/", records.record, name="recorded-fact-add"),
    path("facts/import/", records.import_facts, name="facts-import"),
    path("facts/<int:pk>/", records.fact, name="recorded-fact-detail"),
    path("attestations/", records.attestations, name="attestations"),
    path("attestations/add/", records.attest, name="attestation-add"),
    path("attestations/<int:pk>/", records.attestation, name="attestation-detail"),
    path("limits/", limits.page, name="limits"),
    path("limits/add/", limits.add, name="declared-limit-add"),
    path("limits/import/", limits.import_table, name="limits-import"),
    path("limits/<int:pk>/", limits.limit, name="declared-limit-detail"),
    path("limits/<int:pk>/delete/", limits.delete, name="declared-limit-delete"),
    path("floors/", floors.page, name="floors"),
    path("floors/add/", floors.add, name="floor-add"),
    path("floors/import/", floors.import_configuration, name="floors-import"),
    path("floors/<int:pk>/edit/", floors.edit, name="floor-edit"),
    path("floors/<int:pk>/delete/", floors.delete, name="floor-delete"),
]

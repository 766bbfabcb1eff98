"""Makes duties and certificates for tests."""

from datetime import date

from readiness.assessment.duties.models import Certificate, DutyEntry, DutyProfile, EnergyFigure, LegalDuty
from tests.inventory.made import maker, site

legal_duty = maker(
    LegalDuty, name="Duty {n}", slug="duty-{n}", asks="Report.", instrument="A law", recurs="event"
)
duty_entry = maker(DutyEntry, "site", "duty", site=site, duty=legal_duty, due_on=date(2027, 5, 15))
duty_profile = maker(DutyProfile, site=site, it_kw=750)
certificate = maker(
    Certificate,
    site=site,
    scheme="tia-942",
    number="C-{n}",
    scope="Hall 1",
    assessor="A certifier",
    issued_on=date(2025, 3, 1),
    expires_on=date(2028, 3, 1),
)
energy_figure = maker(EnergyFigure, site=site, year=2025, figure="e-dc", value=9e6, source="Meter")


def one_of_each(site):
    """A row of each kind at the site, none of which begins its register."""
    duty_entry(site=site)
    duty_profile(site=site)
    certificate(site=site, given_up_on=date(2026, 1, 1))
    energy_figure(site=site)

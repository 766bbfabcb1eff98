"""Actions and findings for tests, in the smallest way that serves them."""

from datetime import UTC, date, datetime

from accounts.models import User
from readiness.loop.actions.models import Action
from readiness.loop.findings.models import Finding
from tests.inventory.made import maker, site

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
author = maker(User, username="loop-author-{n}")
action = maker(Action, site=site, title="Action {n}", effect="evidence", added_at=NOW)
finding = maker(
    Finding,
    site=site,
    title="Finding {n}",
    text="It is slower than planned.",
    route="to-planners",
    subject_kind="page",
    closing="evidence",
    raised_by=author,
    raised_at=NOW,
    due_on=date(2026, 12, 24),
)

"""Panels on pages of objects, beside their own columns."""

from datetime import datetime

from accounts.models import User
from readiness.people.models import Survey
from readiness.people.queries import surveys as queries
from web.kinds.panels import Panel
from web.links import link


def survey(obj: Survey, *, user: User, now: datetime) -> Panel:
    """Where a survey is answered, for those who are asked, and where its results are."""
    links = [{"label": "Results", "url": link("survey-results", obj.pk)}]
    is_asked = obj.standing(now) == "open" and queries.asked(obj, user, now=now).exists()
    if is_asked:
        links.insert(0, {"label": "Answer", "url": link("survey-answer", obj.pk)})
    waits = is_asked and queries.unanswered(user, now=now).filter(survey=obj).exists()
    return Panel(
        key="answers",
        title="Answers",
        template="people/survey_panel.html",
        context={"is_asked": is_asked, "waits": waits, "survey": obj},
        links=links,
        order=150,
    )

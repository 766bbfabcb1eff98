"""The five steps of the tour: from what is deployed to one decision."""

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from inventory.models import Site
from readiness.assessment.scoring.core.states import Verdict
from readiness.assessment.scoring.models import SiteScore
from web.help.tour import STEPS, TourStep


def register() -> None:
    STEPS[:] = (
        TourStep("The fleet.", "What is deployed, what of it is ready, and where.", _fleet),
        TourStep(
            "The road to ready.",
            "What is not ready waits for a check, an owner and a date. Tick what you would fix.",
            _road,
        ),
        TourStep("A site.", "Its verdict, what holds it back, and who answers for that.", _site),
        TourStep(
            "The proof.",
            "The figure beside its limit, the run that it comes from, and how long it counts.",
            _check,
        ),
        TourStep(
            "A placement.",
            "What each site would cost a workload in latency, money, carbon and readiness.",
            _placement,
        ),
    )


def _fleet(user: User) -> str:
    return reverse("fleet")


def _road(user: User) -> str:
    try:
        return reverse("road")
    except NoReverseMatch:
        return reverse("gap")


def _site(user: User) -> str:
    """The site whose page says most: one that is not ready, else any."""
    score = _blocked()
    site = score.site if score else Site.objects.order_by("pk").first()
    return reverse("site", args=[site.slug]) if site else ""


def _check(user: User) -> str:
    if not user.has_perm("scoring.view_checkresult"):
        return ""
    score = _blocked()
    return reverse("site-check", args=[score.site.slug, score.deciding[0]]) if score else ""


def _placement(user: User) -> str:
    return reverse("tradeoffs") if user.has_perm("tradeoffs.view_sitefactor") else ""


def _blocked() -> SiteScore | None:
    scores = SiteScore.objects.filter(verdict=Verdict.NOT_READY, failed_at=None).exclude(Q(deciding=[]))
    return scores.select_related("site").order_by("score", "pk").first()

"""Pages of lessons, under /lessons/, and their endpoint, under /api/loop/."""

from django.urls import URLPattern

from readiness.loop.lessons.kinds import LESSON
from web.kinds.addresses import addresses
from web.rest.viewsets import Router

router = Router()
router.register("lessons", LESSON.viewset)

urlpatterns: list[URLPattern] = [*addresses(LESSON)]

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "readiness.people"
    label = "people"
    verbose_name = "People"

    def ready(self) -> None:
        from readiness.people.search import find_people, find_teams
        from web import links, search

        links.has_page(self.get_model("Person"), "person")
        links.has_page(self.get_model("Team"), "team")
        search.register("people", _("People"), find_people, permission="people.view_person", order=26)
        search.register("teams", _("Teams"), find_teams, permission="people.view_team", order=27)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "readiness.people"
    label = "people"
    verbose_name = "People"

    def ready(self) -> None:
        from readiness.people.search import find_people, find_teams
        from web import links, search
        from web.accounts.views.settings import add_section

        links.has_page(self.get_model("Person"), "person")
        links.has_page(self.get_model("Team"), "team")
        add_section("own-person", _("Your person"))
        search.register("people", _("People"), find_people, permission="people.view_person", order=26)
        search.register("teams", _("Teams"), find_teams, permission="people.view_team", order=27)

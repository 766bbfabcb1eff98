from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "readiness.people"

    def ready(self) -> None:
        from readiness.people.queries import find_people, find_teams
        from web import links, search
        from web.accounts.views.settings import add_section

        links.has_page(self.get_model("Person"), "person")
        links.has_page(self.get_model("Team"), "team")
        add_section("own-person", "Your person")
        search.register("people", "People", find_people, permission="people.view_person", order=26)
        search.register("teams", "Teams", find_teams, permission="people.view_team", order=27)

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "readiness.people"

    def ready(self) -> None:
        from web import links
        from web.accounts.views.settings import add_section

        links.has_page(self.get_model("Person"), "person")
        links.has_page(self.get_model("Team"), "team")
        add_section("own-person", "Your person")

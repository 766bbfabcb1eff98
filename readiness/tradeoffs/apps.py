from django.apps import AppConfig


class TradeoffsConfig(AppConfig):
    name = "readiness.tradeoffs"
    label = "tradeoffs"
    verbose_name = "Trade-offs"

    def ready(self) -> None:
        from readiness.tradeoffs import search
        from web import links

        search.register()
        links.has_page(self.get_model("PortfolioRun"), "portfolio")

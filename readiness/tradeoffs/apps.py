from django.apps import AppConfig


class TradeoffsConfig(AppConfig):
    name = "readiness.tradeoffs"
    label = "tradeoffs"
    verbose_name = "Trade-offs"

    def ready(self) -> None:
        from web import links

        links.has_page(self.get_model("PortfolioRun"), "portfolio")

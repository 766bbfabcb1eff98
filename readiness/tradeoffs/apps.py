from django.apps import AppConfig


class TradeoffsConfig(AppConfig):
    name = "readiness.tradeoffs"
    label = "tradeoffs"
    verbose_name = "Trade-offs"

    def ready(self) -> None:
        from readiness.tradeoffs import search
        from readiness.tradeoffs.decisions.queries import to_decide
        from web import links, tab_counts

        search.register()
        links.has_page(self.get_model("PortfolioRun"), "portfolio")
        tab_counts.register(
            "decisions", to_decide, "wait for your approval", permission="tradeoffs.approve_decision"
        )

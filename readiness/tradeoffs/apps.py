from django.apps import AppConfig


class TradeoffsConfig(AppConfig):
    name = "readiness.tradeoffs"
    label = "tradeoffs"
    verbose_name = "Trade-offs"

"""Search over everything: each app says in its `AppConfig.ready` how its objects are found.

    from web import search
    search.register("sites", _("Sites"), find_sites, permission="inventory.view_site")

where `find_sites(query, *, user, limit)` returns `search.Hit`s, best first. One statement each keeps the page quick.
"""

from web.search.params import LONGEST, SearchQuery, read
from web.search.registry import Find, Hit, HitGroup, Provider, providers, register, search

__all__ = [
    "LONGEST",
    "Find",
    "Hit",
    "HitGroup",
    "Provider",
    "SearchQuery",
    "providers",
    "read",
    "register",
    "search",
]

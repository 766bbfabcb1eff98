"""Who may see which alerts: users with scopes those of their sites, shared channels besides only those within their
own scope."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.models import AccessScope, ScopeKind, User
from accounts.roles import ADMIN
from inventory.core import regions_outwards
from inventory.models import Region, Site
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.models import Alert, AlertingState
from web.delivery.models import Channel

SEES_ALERTS = "alerts.view_alert"


@dataclass(frozen=True, slots=True)
class AlertReaders:
    """`regions` has the slug of each region and the region around it; users without `scopes` see every site."""

    user_ids: frozenset[int]
    administrators: tuple[int, ...]
    scopes: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    regions: dict[int, tuple[str, int | None]] = field(default_factory=dict)

    def region_ids(self, site: Site | None) -> tuple[int, ...]:
        """The regions around a site, the nearest first."""
        if site is None:
            return ()
        return regions_outwards(
            site.region_id, {key: parent for key, (_slug, parent) in self.regions.items()}
        )

    def sees(self, user_id: int | None, alert: Alert, site: Site | None) -> bool:
        if user_id not in self.user_ids:
            return False
        return self._is_within(self.scopes.get(user_id, set()), alert, site)

    def reads(self, channel: Channel, alert: Alert, site: Site | None) -> bool:
        """Whether whoever reads a shared channel may see an alert: as its owner, within its own scope."""
        own = {(channel.scope_kind, channel.scope_slug)} if channel.scope_kind else set()
        return self.sees(channel.owner_id, alert, site) and self._is_within(own, alert, site)

    def _is_within(self, scopes: Collection[tuple[str, str]], alert: Alert, site: Site | None) -> bool:
        if not scopes:
            return True
        if site is None:
            return alert.kind == AlertKind.MUSTER
        regions = {(ScopeKind.REGION.value, self.regions[each][0]) for each in self.region_ids(site)}
        return not {(ScopeKind.SITE.value, site.slug), *regions}.isdisjoint(scopes)


def users_who_see_alerts() -> QuerySet[User]:
    return User.objects.with_perm(SEES_ALERTS, backend="django.contrib.auth.backends.ModelBackend")


def working_last_resorts() -> QuerySet[AlertingState]:
    """The state of alerting, if its last resort hears of every alert: the channel is usable and has no scope, and its
    owner sees the alerts of all sites."""
    owners = users_who_see_alerts().filter(access_scopes=None)
    channels = Channel.objects.usable().filter(owner__in=owners, scope_kind="")
    return AlertingState.objects.filter(last_resort__in=channels)


def alert_readers() -> AlertReaders:
    """Four statements: every user who may see alerts at all, administrators, scopes and regions."""
    users = users_who_see_alerts()
    administrators = User.objects.filter(groups__name=ADMIN, is_active=True).order_by("pk")
    scopes: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for user_id, kind, slug in AccessScope.objects.values_list("user_id", "kind", "slug"):
        scopes[user_id].add((kind, slug))
    return AlertReaders(
        frozenset(users.values_list("pk", flat=True)),
        tuple(administrators.values_list("pk", flat=True)),
        dict(scopes),
        {key: (slug, parent) for key, slug, parent in Region.objects.values_list("pk", "slug", "parent")},
    )

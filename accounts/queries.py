"""Queries about people and their rights."""

from dataclasses import dataclass

from accounts.models import AccessScope, ScopeKind, User
from accounts.roles import ROLES


@dataclass(frozen=True, slots=True)
class Scope:
    """The places where a user may look and act. Both empty: everywhere."""

    regions: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()

    @property
    def everywhere(self) -> bool:
        return not (self.regions or self.sites)


def scope_of(user: User) -> Scope:
    """The regions and sites, by slug, that a user is limited to.

    Stored but not yet applied: pages and endpoints will narrow their querysets by this, in one place each
    (web.rest.viewsets.ObjectViewSet.get_queryset, web.tables.page).
    """
    rows = AccessScope.objects.filter(user=user).values_list("kind", "slug")
    by_kind = {kind: frozenset(slug for k, slug in rows if k == kind) for kind in ScopeKind.values}
    return Scope(regions=by_kind[ScopeKind.REGION], sites=by_kind[ScopeKind.SITE])


def role_of(user: User) -> str:
    """The user's role, "" without one. Free of statements once `groups` are prefetched."""
    held = {group.name for group in user.groups.all()}
    # Given by hand, several: the one that may do most, which is the last.
    return next((role for role in reversed(ROLES) if role in held), "")

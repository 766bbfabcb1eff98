"""Owners for a fleet to look at: three people, a site that is owned, one that changes hands, and gaps."""

from datetime import timedelta

from readiness.organisation.ownership import operations
from readiness.organisation.ownership.core.standing import Item
from readiness.organisation.ownership.operations import Proposal
from tests.readiness.organisation.people import made


def build(sites, user_of, now):
    """The first of `sites` is owned whole, the next by halves; the person who is the admin is asked for more."""
    team, manager = made.team(name="Fabric", slug="fabric", contact="#fabric"), user_of("manager")
    ana, rui = (
        made.person(team, name=f"{name} Reis", user=user_of("viewer", username=name))
        for name in ("Ana", "Rui")
    )
    admin = made.person(team, name="Ada Admin", user=user_of("admin"))
    then = now - timedelta(days=170)

    def ask(site, item, person, deputy, at):
        proposal = Proposal(
            site=site, item=item, accountable=person, team=team, deputy=deputy,
            decision_rights="May stop any placement at the site.", escalation="Call the NOC, then the deputy.",
        )  # fmt: skip
        return operations.propose(proposal, by=manager, now=at)

    for item in Item:
        operations.accept(ask(sites[0], item, ana, rui, then), by=ana.user, now=then)
    for item in (Item.COMPUTE, Item.NETWORK):
        operations.accept(ask(sites[1], item, rui, None, now), by=rui.user, now=now)
    operations.accept(ask(sites[1], Item.ENERGY, admin, ana, now), by=admin.user, now=now)
    ask(sites[0], Item.ENERGY, rui, ana, now)
    ask(sites[1], Item.ORCHESTRATION, admin, ana, now)
    return ana, rui, admin

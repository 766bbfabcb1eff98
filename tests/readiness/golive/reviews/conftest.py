"""A site that is commissioned, five people who may sign, and reviews of it."""

from datetime import timedelta

import pytest

from readiness.assessment.evidence.core.reviews import DOMAINS
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.golive.reviews import operations
from readiness.golive.reviews.queries import CHECK
from tests.inventory import made


@pytest.fixture
def porto(db):
    return made.site(name="Porto", slug="porto", owner="Ops South", stage="commissioning")


@pytest.fixture
def signers(user_of, manager, frozen_now):
    """By domain: a viewer who may sign for it at every site."""
    found = {domain: user_of("viewer", username=f"{domain}-lead") for domain in DOMAINS}
    for domain, user in found.items():
        operations.add_approver(domain=domain, user=user, by=manager, now=frozen_now.at)
    return found


@pytest.fixture
def review(porto, signers, manager, frozen_now):
    return operations.open_review(site=porto, by=manager, now=frozen_now.at)


@pytest.fixture
def signed(review, signers, frozen_now):
    for user in signers.values():
        operations.sign(review, by=user, now=frozen_now.at)
    return review


@pytest.fixture
def excepted(porto, ops, manager, frozen_now):
    """An exception for every BLOCK check but the review's own: nothing else proves a site in a test."""
    _, framework = framework_queries.current()
    Grant.objects.bulk_create(
        Grant(
            site=porto,
            kind=Grant.Kind.EXCEPTION,
            check_id=check.id,
            reason="Proved by the builder",
            state=Grant.State.APPROVED,
            requested_by=ops,
            requested_at=frozen_now.at,
            starts_at=frozen_now.at,
            ends_at=frozen_now.at + timedelta(days=90),
            approver=manager,
            decided_at=frozen_now.at,
        )
        for check in framework.checks
        if check.gate == "BLOCK" and check.id != CHECK
    )

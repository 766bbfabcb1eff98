"""Who answers for the orchestration of each site: proposed, accepted by the person named, confirmed, ended."""

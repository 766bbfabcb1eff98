"""Owners of the items of each site: proposed, accepted by the person named, confirmed, ended."""

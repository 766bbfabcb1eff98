"""Accepted bodies until they are stored, and which of the replicas of a sender stores what."""

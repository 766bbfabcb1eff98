"""Incidents: opened from alerts or by hand, their timeline, review, actions, and what should have caught them."""

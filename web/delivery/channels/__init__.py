"""Channels of users and shared ones: who adds, confirms, changes and ends them; their pages and endpoints."""

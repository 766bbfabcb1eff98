"""Queries for pages and charts of several sites, one site or one check."""

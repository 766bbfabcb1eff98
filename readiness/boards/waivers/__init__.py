"""Waivers, go-live exceptions and declared n-a: the list, single grants, requests, and the ageing report."""

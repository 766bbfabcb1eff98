"""Saved views: lists as people keep them, in the side bar and beside the list.

A view holds the query of an address, so whatever a page reads from its address can be kept. `?view=ID` leads to that
address; there `saved=ID` says which view it came from. A list that has a default opens with it where its address asks
for nothing.
"""

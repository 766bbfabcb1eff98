"""Saved views: lists as users save them, in the side bar and beside the list.

A view holds the query of an address, so it can save everything that a page reads from its address. `?view=ID` redirects
to that address, where `saved=ID` names the view. A list with a default view opens with it if the address has no query.
"""

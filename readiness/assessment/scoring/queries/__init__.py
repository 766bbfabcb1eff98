"""Queries of stored verdicts for other rooms.

Nothing here judges or writes. `standing` reads the present sites, which the other queries start from; `capacity` the
capacity over time and what holds it back; `results` the checks of a site, and the stored inputs of a day. `rows` are
the row types.
"""

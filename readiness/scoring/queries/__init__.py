"""Queries of stored verdicts for other rooms. Nothing is judged here, and nothing is written.

`standing` reads the sites as they stand, from which the others begin; `capacity` the megawatts over time and what holds
them; `results` the checks of a site, and the inputs kept of a day. `rows` are the rows that they return.
"""

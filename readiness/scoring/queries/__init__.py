"""What pages, charts and the API read of stored verdicts. Nothing is judged here, and nothing is written.

`capacity` megawatts over time and what holds them, `sites` rows of the site table, `fleet` figures over all
sites, `attention` what wants a person, `site` one site's page, `checks` one check, over the fleet or at a
site.
"""

"""What pages, charts and the API read of stored verdicts. Nothing is judged here, and nothing is written.

`standing` the sites as they stand, which the others begin with, `capacity` megawatts over time and what
holds them, `sites` rows of the site table, `fleet` figures over all sites, `attention` what wants a person,
`site` one site's page, `checks` one check, over the fleet or at a site.
"""

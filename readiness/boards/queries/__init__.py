"""Queries for the pages and charts of several sites, one site or one check.

`sites` rows of the site table, `fleet` figures over all sites, `attention` what wants a person, `site` one site's page,
`checks` one check, over the fleet or at a site.
"""

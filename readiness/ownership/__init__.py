"""Who answers for the orchestration of each site: proposed by one, accepted by the person named, confirmed, ended.

One item of a site has one accountable person at any instant; the database holds that.
"""

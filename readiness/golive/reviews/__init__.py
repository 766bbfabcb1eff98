"""Go-live reviews: five domains sign for themselves, one person decides, and the site goes to production.

What a review knows is what p4-golive-review is computed from; what that comes to, scoring decides as for any check.
"""

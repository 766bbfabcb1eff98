"""Go-live reviews: five domains sign for themselves, one person decides, and the site goes to production.

A review writes down what it knows as evidence of p4-golive-review; what that comes to, scoring decides as for any
check.
"""

"""Go-live reviews: five domains sign, one person decides, and the site goes to production."""

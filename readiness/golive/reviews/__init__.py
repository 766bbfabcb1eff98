"""Go-live reviews: five domains sign for themselves, one person decides, and the site goes to production."""

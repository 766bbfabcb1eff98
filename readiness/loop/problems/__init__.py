"""Problems of sites, stored: when each began, what it folds under, and how it ended."""

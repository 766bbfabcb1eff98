"""The home page, the reader's inbox, and the set-up steps of an empty installation."""

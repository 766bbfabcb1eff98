"""Does the loop help: the backlog of actions, how long findings take, and what the loop proves, by site and team."""

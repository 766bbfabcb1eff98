"""Actions: what somebody is to do by a day, and the effect that must be seen afterwards. They know no room above."""

"""The security log: sign-ins, refusals, exports, and changes of accounts, roles, scopes and tokens, as events.

It stands beside the history, which keeps rows before and after. Events name accounts by their id, so that erasing a
person changes none of them. A job puts the events of half a minute into a batch; each batch is chained to the one
before, and its head is written to a file outside of the database (`heads`). `manage.py verify_security_log` compares
events, chain and heads.
"""

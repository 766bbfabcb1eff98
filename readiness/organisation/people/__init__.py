"""Teams, people and how to reach both; what people can do, learn and practised, and who is on call where.

Names are worth protecting: they are shown to those who may see people, and counted for all others.
"""

"""Teams, the people in them, and how to reach both. Skills, training, rotas and surveys will stand on the same records.

What a person's name is worth protecting for: names are shown to those who may see people, and counted for all others.
"""

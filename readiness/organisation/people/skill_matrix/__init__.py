"""The matrix of people and skills: levels, when they end, and the gaps of sites that a person could close."""

"""The fleet page: deployed capacity, its ready part, the map, and what holds the rest back."""

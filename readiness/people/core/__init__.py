"""What people cover, arithmetic alone: no Django, no clock."""

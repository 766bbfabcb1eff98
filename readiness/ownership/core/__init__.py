"""Works out what an item's terms come to at an instant. Pure: no Django, no clock."""

"""Changes of the inventory by somebody."""

from web.actor import acting


def change(obj, by="mira", **values):
    with acting(by):
        for name, value in values.items():
            setattr(obj, name, value)
        obj.save()

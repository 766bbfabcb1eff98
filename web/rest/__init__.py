"""The contract of every endpoint: names, filters, pages, bulk writes and errors as NetBox's users know them."""

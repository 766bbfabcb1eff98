"""The contract that every endpoint keeps: names, filters, pages, bulk writes and errors as NetBox's users know them."""

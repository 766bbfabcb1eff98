"""Pages of go-live reviews: the reviews themselves, and who is asked to do what in them."""

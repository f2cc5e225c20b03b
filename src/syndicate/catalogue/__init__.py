"""Which articles there are, under which identity and at which URL."""

"""People who get newsletters: their addresses, and what they may have agreed to."""

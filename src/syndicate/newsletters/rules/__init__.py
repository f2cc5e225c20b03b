"""The rules of a good email, by what they inspect."""

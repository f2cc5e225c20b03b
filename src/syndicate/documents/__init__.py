"""The documents of a site: which there are, their bytes, and how they are written."""

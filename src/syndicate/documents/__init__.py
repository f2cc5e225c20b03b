"""The files that a site consists of: which there are, their bytes, and how they are written."""

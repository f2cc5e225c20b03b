"""Versions of what this package does, alone here so that asking for them costs nothing."""

READER_VERSION = 9
"""Raise it when the same file would be read differently: every file is read again then."""

RENDERER_VERSION = 5
"""Raise it when the same body would be rendered differently: part of the cache's key."""

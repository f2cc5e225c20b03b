"""The life of an issue: choose, compose, freeze, approve, archive, export."""

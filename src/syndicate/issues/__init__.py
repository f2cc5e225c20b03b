"""The life of an issue: chosen, composed, frozen, approved, archived, exported."""

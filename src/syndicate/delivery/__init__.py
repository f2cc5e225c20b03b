"""The engine that sends issues to subscribers: planned, handed over, accounted for."""

"""Issues on their way to subscribers: planned, handed over, accounted for."""

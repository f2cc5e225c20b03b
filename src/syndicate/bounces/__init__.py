"""What comes back of messages that were sent: what it says, and what follows from it."""

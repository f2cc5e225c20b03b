"""What an operator does to issues, their deliveries, and a store that was moved or restored."""

"""What subscribers see and do: sign-up pages, preferences, unsubscribing, their emails."""

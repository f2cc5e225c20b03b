"""The lock and the status file of the running service, for other processes."""

"""The long-running service: scheduler, tasks, HTTP server, status, logs."""

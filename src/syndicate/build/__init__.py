"""From the content folder to documents on disk: scan, ingest, plan, explain."""

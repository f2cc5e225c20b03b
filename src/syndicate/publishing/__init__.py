"""Publish the documents of the output folder to targets: folders, object storage, commands."""

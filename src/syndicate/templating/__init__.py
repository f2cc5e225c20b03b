"""Jinja2 templates, and the translations of their texts."""

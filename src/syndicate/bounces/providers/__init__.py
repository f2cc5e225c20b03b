"""Webhooks of mail providers: each is accepted only with valid proof."""

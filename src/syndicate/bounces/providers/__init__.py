"""Notices that mail providers post to us: each is believed only with its proof."""

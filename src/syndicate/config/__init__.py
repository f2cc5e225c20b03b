"""config.yaml as typed, frozen values, and the way from one to the other."""

from syndicate.config.model import Config, Feeds, Newsletter, Site, Store

__all__ = ["Config", "Feeds", "Newsletter", "Site", "Store"]

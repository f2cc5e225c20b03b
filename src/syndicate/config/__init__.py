"""config.yaml as typed, frozen values, and the way from one to the other."""

from syndicate.config.model import Config, Feeds, Newsletter, Service, Site, Store

__all__ = ["Config", "Feeds", "Newsletter", "Service", "Site", "Store"]

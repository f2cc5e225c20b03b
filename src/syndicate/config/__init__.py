"""config.yaml as typed, frozen values, and the way from one to the other."""

from syndicate.config.model import (
    Brand,
    Config,
    Feeds,
    Newsletter,
    ServiceSettings,
    SiteSettings,
    Store,
)

__all__ = ["Brand", "Config", "Feeds", "Newsletter", "ServiceSettings", "SiteSettings", "Store"]

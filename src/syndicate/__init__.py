"""A folder of articles in; feeds and a newsletter that is ready to send out."""

__version__ = "0.2.0"

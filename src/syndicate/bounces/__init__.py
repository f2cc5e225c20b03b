"""Bounce reports and complaints: parse, classify, handle."""

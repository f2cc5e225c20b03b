"""Bytes of messages (RFC 5322), and the transports: SMTP and the outbox."""

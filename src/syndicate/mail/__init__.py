"""The bytes of messages (RFC 5322), and the ways to hand them over: SMTP and the outbox."""

"""An SMTP client (RFC 5321) that sends several messages over one connection."""

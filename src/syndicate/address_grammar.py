"""The grammar of email addresses (RFC 5322, section 3.4.1; RFC 6532), for all modules. Pure.

Not supported: quoted local parts, comments, and domains in brackets. `subscribers.addresses` is
stricter still, for addresses that strangers enter.
"""

from __future__ import annotations

import re

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LOCAL_PART = re.compile(rf"{ATOM}(?:\.{ATOM})*")
"""What is before the @ (dot-atom), in ASCII."""

_WIDE_ATOM = ATOM.replace("~-]", "~\u00a1-\U0010ffff-]")
WIDE_LOCAL_PART = re.compile(rf"{_WIDE_ATOM}(?:\.{_WIDE_ATOM})*")
"""The same with any characters beyond ASCII (RFC 6532, section 3.2), for SMTPUTF8."""

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
"""A domain as DNS has it: lowercase ASCII."""

_WIDE_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
ADDRESS = re.compile(rf"{LOCAL_PART.pattern}@{_WIDE_LABEL}(?:\.{_WIDE_LABEL})+")
"""An address to send from, or to: an ASCII local part, and a domain with a dot.

The domain may be international; `mail.headers.as_sent` encodes it.
"""

IN_TEXT = re.compile(r"[^\s<>,;:\"()\[\]@]{1,200}@[^\s<>,;:\"()\[\]@]{1,255}")
"""What looks like an address within a text; not every match is valid."""

"""Which characters SQS carries: those of XML 1.0, a memory of the protocol it was born with."""

import re

#: As AWS's errors name them (SendMessage in the API reference).
ALLOWED = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
#: Finds any other.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_sendable(text: str) -> bool:
    """Whether SQS would carry the text. Printable text always is, and is told faster."""
    return text.isprintable() or FORBIDDEN.search(text) is None

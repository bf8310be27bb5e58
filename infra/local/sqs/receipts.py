"""Receipt handles: they name one receive of one message, and only the latest receive of a message counts.

A handle is four numbers of eight bytes, in hexadecimal: the queue's number, the message's row, when it was sent,
and which receive of it this was. Deleting or hiding by a handle is one lookup by row id; the other numbers must
match, so a handle from before a later receive, a purge, or a re-used row id finds nothing.
"""

import struct

from infra.local.errors import AwsError
from infra.local.sqs.errors import sqs_error

#: Queue number, row id, sent_at, receive count: the parameters of `WHERE` below, in its order.
Receipt = tuple[int, int, int, int]

MATCHES = "queue = ? AND id = ? AND sent_at = ? AND receives = ?"

NUMBERS = struct.Struct(">qqqq")


def handle_of(queue: int, row: int, sent_at: int, receives: int) -> str:
    return NUMBERS.pack(queue, row, sent_at, receives).hex()


def receipt_of(handle: str) -> Receipt:
    """The numbers in a handle; raises ReceiptHandleIsInvalid for what no receive has given out."""
    try:
        receipt: Receipt = NUMBERS.unpack(bytes.fromhex(handle))
    except (ValueError, struct.error):
        raise invalid_handle(handle) from None
    return receipt


def invalid_handle(handle: str) -> AwsError:
    return sqs_error("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.')

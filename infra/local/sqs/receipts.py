"""Receipt handles: they name one receive of one message, and only the latest receive of a message counts.

A handle is four numbers in hexadecimal: the queue's number, the message's row, when it was sent, and which
receive of it this was. Deleting or hiding by a handle is one lookup by row id; the other numbers must match,
so a handle from before a later receive, a purge, or a re-used row id finds nothing.
"""

from infra.local.errors import AwsError
from infra.local.sqs.errors import sqs_error

#: Queue number, row id, sent_at, receive count: the parameters of `WHERE` below, in its order.
Receipt = tuple[int, int, int, int]

MATCHES = "queue = ? AND id = ? AND sent_at = ? AND receives = ?"


def handle_of(queue: int, row: int, sent_at: int, receives: int) -> str:
    return f"{queue:x}-{row:x}-{sent_at:x}-{receives:x}"


def receipt_of(handle: str) -> Receipt:
    """The numbers in a handle; raises ReceiptHandleIsInvalid for what no receive has given out."""
    try:
        queue, row, sent_at, receives = handle.split("-")
        receipt = (int(queue, 16), int(row, 16), int(sent_at, 16), int(receives, 16))
    except ValueError:
        raise invalid_handle(handle) from None
    if max(receipt) >= 2**63:
        raise invalid_handle(handle)
    return receipt


def invalid_handle(handle: str) -> AwsError:
    return sqs_error("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.')

"""How SQS's query protocol names lists and maps.

AWS's present model of SQS speaks JSON alone and says only that its collections are flattened. The names are those
of the API of 2012-11-05, to be seen in the query examples of the SQS API Reference: `AttributeName.1=All`,
`Attribute.1.Name=...&Attribute.1.Value=...`, `SendMessageBatchRequestEntry.1.Id=...`.
"""

from typing import Any

#: Shape of a list -> what one item of it is called, the list itself having no name on the wire.
ITEMS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}

#: Shape of a map -> what one entry of it, its key and its value are called.
ENTRIES = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}


def sqs_name(shape: Any) -> str | None:
    """What a member of this shape is called, None where it bears its own name."""
    if shape.name in ENTRIES:
        return ENTRIES[shape.name][0]
    return ITEMS.get(shape.name)

"""Key attributes: which values may be keys, and the SQLite values that sort as DynamoDB sorts them.

A string stays text (SQLite compares its UTF-8 bytes, as DynamoDB does), binary stays a blob, and a number
becomes the bytes of numbers.encoded. One key attribute has one type, so the three never meet in one column.
"""

from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import AttributeValue, Item, type_of
from infra.local.dynamodb.errors import EmptyKey, invalid, invalid_value
from infra.local.dynamodb.limits import HASH_KEY_BYTES, RANGE_KEY_BYTES
from infra.local.dynamodb.numbers import canonical, encoded
from infra.local.errors import AwsError

#: A key's value in SQLite.
SqlKey = str | bytes
#: Hash and range of one item in SQLite.
ItemKey = tuple[SqlKey, SqlKey]
#: Stands in the range column of a table that has no sort key.
NO_RANGE = ""

_MISMATCH = "The provided key element does not match the schema"


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    name: str
    #: S, N or B.
    type: str


class KeySchema:
    """The partition key and the sort key, if any: one attribute each in a table, up to four each in an index."""

    __slots__ = ("attributes", "hash", "hashes", "names", "of_strings", "range", "ranges")

    def __init__(self, hashes: tuple[KeyAttribute, ...], ranges: tuple[KeyAttribute, ...] = ()):
        self.hashes = hashes
        self.ranges = ranges
        #: The first of each, which is all that a table has.
        self.hash = hashes[0]
        self.range = ranges[0] if ranges else None
        self.attributes = hashes + ranges
        self.names = tuple(attribute.name for attribute in self.attributes)
        #: Whether it is a partition key and a sort key, both strings, as nearly all are: such take a short way.
        self.of_strings = [attribute.type for attribute in hashes] == [attribute.type for attribute in ranges] == ["S"]

    def key_of(self, item: Item) -> Item:
        """The key attributes of an item, in DynamoDB's form; values are shared with the item."""
        return {name: item[name] for name in self.names}

    def found_in(self, item: Item) -> Item:
        """As `key_of`, of an item that may lack some."""
        return {name: item[name] for name in self.names if name in item}


def exact_key(schema: KeySchema, key: Item) -> ItemKey:
    """The key that a Key parameter names: all key attributes and nothing else."""
    if len(key) == 2 and schema.of_strings and (plain := _plain_key(schema, key)) is not None:
        return plain
    range_ = schema.range
    if len(key) != (1 if range_ is None else 2):
        if any(not value for value in key.values()):
            raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
        raise invalid(_MISMATCH)
    hash_value = key.get(schema.hash.name)
    if hash_value is None:
        raise invalid(_MISMATCH)
    hash_key = _key_part(schema.hash, hash_value, HASH_KEY_BYTES, _MISMATCH)
    if range_ is None:
        return hash_key, NO_RANGE
    range_value = key.get(range_.name)
    if range_value is None:
        raise invalid(_MISMATCH)
    return hash_key, _key_part(range_, range_value, RANGE_KEY_BYTES, _MISMATCH)


def exact_key_in(schema: KeySchema, item: Item) -> ItemKey:
    """The same of a whole item, which has attributes besides; what is wrong is told in the same words."""
    plain = _plain_key(schema, item) if schema.of_strings else None
    return exact_key(schema, schema.found_in(item)) if plain is None else plain


def _plain_key(schema: KeySchema, item: Item) -> ItemKey | None:
    """A key of two short strings of ASCII that are not empty; None of any other, which is looked at closely."""
    hash_name, range_name = schema.names
    try:
        hash_value, range_value = item[hash_name], item[range_name]
        hash_key, range_key = hash_value["S"], range_value["S"]
    except KeyError:
        return None
    if not hash_key or not range_key or len(hash_value) != 1 or len(range_value) != 1:
        return None
    if len(hash_key) > HASH_KEY_BYTES or len(range_key) > RANGE_KEY_BYTES:
        return None
    return (hash_key, range_key) if hash_key.isascii() and range_key.isascii() else None


def item_key(schema: KeySchema, item: Item) -> ItemKey:
    """The key of a whole item that is to be put."""
    if schema.of_strings and (plain := _plain_key(schema, item)) is not None:
        return plain
    hash_key = _item_part(schema.hash, item, HASH_KEY_BYTES)
    if schema.range is None:
        return hash_key, NO_RANGE
    return hash_key, _item_part(schema.range, item, RANGE_KEY_BYTES)


def index_part(
    attribute: KeyAttribute, value: AttributeValue, index: str, limit: int, updating: bool
) -> SqlKey | bytearray:
    """The value of an index's key attribute in an item that is put, or was updated: as a parameter of a statement."""
    kind = attribute.type
    content = value.get(kind)
    # The short way of nearly all: an item's numbers are canonical; and see items.encode for the bytes.
    if content:
        if kind == "N":
            return bytearray(encoded(content))
        if kind == "S" and len(content) <= limit and content.isascii():
            key: SqlKey = content
            return key
    if content is None:
        if updating:
            raise invalid("The update expression attempted to update the secondary index key to unsupported type")
        raise index_mismatch(attribute, value, index)
    if not content and kind != "N":
        if updating:
            raise index_key_emptied(attribute)
        raise EmptyKey(
            "One or more parameter values are not valid. A value specified for a secondary index key is not "
            f"supported. {_emptiness(attribute)} IndexName: {index}, IndexKey: {attribute.name}"
        )
    return sql_key(attribute, content, limit)


def index_mismatch(attribute: KeyAttribute, value: AttributeValue, index: str) -> AwsError:
    """What is said of a value whose type an index cannot have as its key."""
    return invalid_value(
        f"Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
        f"Actual: {type_of(value)} IndexName: {index}"
    )


def index_key_emptied(attribute: KeyAttribute) -> AwsError:
    return EmptyKey(
        "One or more parameter values are not valid. The update expression attempted to update a secondary index "
        f"key to a value that is not supported. {_emptiness(attribute)}"
    )


def sql_key(attribute: KeyAttribute, content: Any, limit: int) -> SqlKey:
    """A legal content as SQLite holds it, refused when it is longer than `limit` bytes."""
    if attribute.type == "N":
        return encoded(canonical(content))
    key: SqlKey = content
    if isinstance(key, str) and not key.isascii():
        try:
            length = len(key.encode())
        except UnicodeEncodeError:
            raise invalid_value("a string is not valid Unicode: it contains a lone surrogate") from None
    else:
        if not isinstance(key, str | bytes):
            key = bytes(content)
        length = len(key)
    if length > limit:
        raise invalid_value(
            f"Size of hashkey has exceeded the maximum size limit of{HASH_KEY_BYTES} bytes"
            if limit == HASH_KEY_BYTES
            else f"Aggregated size of all range keys has exceeded the size limit of {RANGE_KEY_BYTES} bytes"
        )
    return key


def _item_part(attribute: KeyAttribute, item: Item, limit: int) -> SqlKey:
    value = item.get(attribute.name)
    if value is None:
        raise invalid_value(f"Missing the key {attribute.name} in the item")
    if attribute.type not in value:
        raise invalid_value(
            f"Type mismatch for key {attribute.name} expected: {attribute.type} actual: {type_of(value)}"
        )
    return _key_part(attribute, value, limit, _MISMATCH)


def _key_part(attribute: KeyAttribute, value: AttributeValue, limit: int, mismatch: str) -> SqlKey:
    content = value.get(attribute.type)
    if content is None or len(value) != 1:
        raise invalid(mismatch)
    if attribute.type == "S" and content and content.isascii() and len(content) <= limit:
        key: SqlKey = content
        return key
    if not content and attribute.type != "N":
        raise empty_key(attribute)
    return sql_key(attribute, content, limit)


def empty_key(attribute: KeyAttribute) -> AwsError:
    return EmptyKey(f"One or more parameter values are not valid. {_emptiness(attribute)} Key: {attribute.name}")


def _emptiness(attribute: KeyAttribute) -> str:
    noun = "string" if attribute.type == "S" else "binary"
    return f"The AttributeValue for a key attribute cannot contain an empty {noun} value."

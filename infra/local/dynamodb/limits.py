"""Every DynamoDB quota that the embedded tables keep, once, with its unit.

Source unless stated otherwise: "Quotas in Amazon DynamoDB" and the API reference of the operation, in the
DynamoDB Developer Guide (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
"""

#: Bytes of one item, names and values together, by the rules of "Item sizes and formats".
ITEM_BYTES = 400 * 1024
#: Bytes of a partition key's value; at least 1.
HASH_KEY_BYTES = 2048
#: Bytes of a sort key's value; at least 1.
RANGE_KEY_BYTES = 1024
#: Levels of lists and maps inside an attribute.
NESTING_LEVELS = 32
#: Bytes of an attribute's name; one that is a secondary index key may have 255.
ATTRIBUTE_NAME_BYTES = 64 * 1024 - 1

#: Significant decimal digits of a number.
NUMBER_DIGITS = 38
#: Powers of ten of a number's first digit: 1E-130 to 9.99..E+125.
NUMBER_MIN_EXPONENT = -130
NUMBER_MAX_EXPONENT = 125

#: Bytes of one expression.
EXPRESSION_BYTES = 4096
#: Operators and functions in one expression.
EXPRESSION_OPERATORS = 300
#: Operands on the right of IN.
IN_OPERANDS = 100
#: Bytes of all ExpressionAttributeNames, and of all ExpressionAttributeValues.
SUBSTITUTION_BYTES = 2 * 1024 * 1024

#: Bytes of items read by one Query or Scan before it pages.
PAGE_BYTES = 1024 * 1024
#: Keys in one BatchGetItem, and bytes of its reply.
BATCH_GET_KEYS = 100
BATCH_GET_BYTES = 16 * 1024 * 1024
#: Writes in one BatchWriteItem, and bytes of its items.
BATCH_WRITE_ITEMS = 25
BATCH_WRITE_BYTES = 16 * 1024 * 1024
#: Items in one TransactWriteItems or TransactGetItems, and bytes of its items.
TRANSACTION_ITEMS = 100
TRANSACTION_BYTES = 4 * 1024 * 1024
#: Milliseconds for which a ClientRequestToken is remembered (10 minutes).
REQUEST_TOKEN_MS = 10 * 60 * 1000

#: Secondary indexes of a table.
GLOBAL_INDEXES = 20
LOCAL_INDEXES = 5
#: Attributes of a global index's partition key, and of its sort key.
INDEX_KEY_ATTRIBUTES = 4
#: Names in NonKeyAttributes of one index, and over all secondary indexes of a table.
INDEX_PROJECTED_ATTRIBUTES = 20
PROJECTED_ATTRIBUTES = 100
#: Names in one reply of ListTables.
LIST_TABLES = 100
#: Entries in one reply of ListContributorInsights.
LIST_INSIGHTS = 100
#: Bytes of a resource-based policy.
POLICY_BYTES = 20 * 1024
#: Tags of a table.
TAGS = 50
#: Capacity units that may be asked for at all; what AWS grants is far less.
CAPACITY_UNITS = 1_000_000_000_000
#: Capacity units of an account and of a table by default (us-east-1), as DescribeLimits says.
ACCOUNT_UNITS = 80_000
TABLE_UNITS = 40_000
#: What a table in on-demand mode can serve at once without warming up, per second ("Warm throughput").
WARM_READS = 12_000
WARM_WRITES = 4_000
#: Days for which point-in-time recovery goes back at most, and by default.
RECOVERY_DAYS = 35
#: Milliseconds between two counts of the items of a table, about which AWS says "approximately every six hours".
COUNT_INTERVAL_MS = 6 * 60 * 60 * 1000

#: Bytes that one write unit, and one read unit, cover ("Capacity unit consumption").
WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096

#: Seconds in the past beyond which a TTL value is taken for a mistake and its item stays (5 years).
TTL_MAX_AGE = 5 * 365 * 24 * 60 * 60

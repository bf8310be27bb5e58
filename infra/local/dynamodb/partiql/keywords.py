"""The words that PartiQL keeps for itself: as an attribute's name, each needs double quotes.

They are SQL-92's reserved words and PartiQL's own (PartiQL specification, "Reserved words"); DynamoDB's 573
reserved words belong to its expressions and not to PartiQL.
"""

KEYWORDS = frozenset(
    """
    absolute action add all allocate alter and any are as asc assertion at authorization avg begin between bit
    bit_length by cascade cascaded case cast catalog char character character_length char_length check close
    coalesce collate collation column commit connect connection constraint constraints continue convert
    corresponding count create cross current current_date current_time current_timestamp current_user cursor date
    deallocate dec decimal declare default deferrable deferred delete desc describe descriptor diagnostics
    disconnect distinct domain double drop else end escape except exception exec execute exists external extract
    date_add date_diff false fetch first float for foreign found from full get global go goto grant group having
    identity immediate in indicator initially inner input insensitive insert int integer intersect interval into
    is isolation join key language last left level like local lower match max min module names national natural
    nchar next no not null nullif numeric octet_length of on only open option or order outer output overlaps pad
    partial position precision prepare preserve primary prior privileges procedure public read real references
    relative restrict revoke right rollback rows schema scroll section select session session_user set size
    smallint some space sql sqlcode sqlerror sqlstate substring sum system_user table temporary then time
    timestamp to transaction translate translation trim true union unique unknown update upper usage user using
    value values varchar varying view when whenever where with work write zone
    can_cast can_lossless_cast missing pivot unpivot limit offset tuple remove index let integer2 int2 integer4
    int4 integer8 int8 bigint conflict do nothing returning modified new old bool boolean string symbol clob blob
    struct list sexp bag
    """.split()  # noqa: SIM905 - a list literal would be 270 lines
)

#: Keywords that may be called: `size(x)`, `exists(...)`.
FUNCTIONS = frozenset(
    {"exists", "count", "avg", "max", "min", "sum", "substring", "char_length", "character_length", "octet_length"}
    | {"bit_length", "upper", "lower", "size", "sexp", "list", "bag"}
)

#: Keywords that stand between operands, never where one begins.
OPERATORS = frozenset({"and", "or", "is", "in", "like", "between", "union", "except", "intersect"})

#: What may follow IS, in the words of the type, and the DynamoDB type that it tests for; `null` and `missing`
#: are tests of their own, and a type that DynamoDB has not matches nothing.
TYPES = {
    "any": "",
    "bag": "",
    "bigint": "N",
    "blob": "B",
    "bool": "BOOL",
    "boolean": "BOOL",
    "char": "S",
    "character": "S",
    "character varying": "S",
    "clob": "",
    "date": "",
    "dec": "N",
    "decimal": "N",
    "double precision": "N",
    "float": "N",
    "int": "N",
    "int2": "N",
    "int4": "N",
    "int8": "N",
    "integer": "N",
    "integer2": "N",
    "integer4": "N",
    "integer8": "N",
    "list": "L",
    "missing": "",
    "null": "NULL",
    "numeric": "N",
    "real": "N",
    "sexp": "",
    "smallint": "N",
    "string": "S",
    "struct": "M",
    "symbol": "",
    "time": "",
    "timestamp": "",
    "tuple": "M",
    "varchar": "S",
}

"""The grammar of PartiQL's statements, as far as DynamoDB has it.

    SELECT * | term {, term} FROM source [WHERE term] [ORDER BY term [ASC|DESC] {, ...}]
    INSERT INTO source VALUE term
    UPDATE source {SET path = term {, path = term} | REMOVE path} [WHERE term] [RETURNING ...]
    FROM source [WHERE term] {SET ... | REMOVE ...} [RETURNING ...]          -- UPDATE, the other way round
    DELETE FROM source [WHERE term] [RETURNING ...]
    EXISTS ( SELECT ... )                                                    -- in a transaction

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.partiql.errors import malformed
from infra.local.dynamodb.partiql.syntax import (
    Assign,
    Call,
    Collection,
    Delete,
    Exists,
    Infix,
    Insert,
    Parameter,
    Path,
    Prefix,
    Remove,
    Scalar,
    Select,
    Source,
    Statement,
    Struct,
    Term,
    TypeTest,
    Update,
)
from infra.local.dynamodb.partiql.terms import TermReader
from infra.local.dynamodb.partiql.tokens import END

#: What AWS calls the statements that are mere expressions, which it reads and then refuses.
_BARE = {
    Path: "VariableReference",
    Parameter: "Parameter",
    Scalar: "Literal",
    Collection: "Seq",
    Struct: "Struct",
    Call: "Call",
    Infix: "NAry",
    Prefix: "NAry",
    TypeTest: "IsType",
}


def parse(text: str) -> tuple[Statement, int]:
    """The statement, and the number of its parameters."""
    reader = _StatementReader(text)
    statement = reader.statement()
    reader.takes_mark(";")
    if reader.head.kind != END:
        raise malformed("Unexpected token after expression")
    if not isinstance(statement, Statement):
        raise invalid(f"Unsupported operation: {_BARE[type(statement)]}")
    if reader.aliased:
        raise invalid("Aliasing is not supported")
    return statement, reader.parameters


class _StatementReader(TermReader):
    aliased = False

    def statement(self) -> Statement | Term:
        if self.takes("select"):
            return self._select()
        if self.takes("insert", "into"):
            return self._insert()
        if self.takes("update"):
            source = self._legacy_source()
            actions = self._actions()
            where = self._where()
            return Update(source, actions, where, self._returning())
        if self.takes("delete"):
            if not self.takes("from"):
                raise malformed("Expected FROM after DELETE")
            return Delete(self._legacy_source(), self._where(), self._returning())
        if self.takes("from"):
            source = self._source()
            where = self._where()
            return Update(source, self._actions(), where, self._returning())
        if self.sees("exists") and self._calls():
            return self._exists()
        term = self.term()
        if self.sees("from"):
            # `SLECT * FROM t`: to PartiQL a product of SLECT and a FROM that changes nothing.
            raise malformed("Unexpected token after expression")
        return term

    def _path_or_value(self) -> Term:
        if self.sees("from"):
            raise malformed("Expected data manipulation")
        return super()._path_or_value()

    def _exists(self) -> Statement | Term:
        self.at += 2
        if not self.takes("select"):
            self.at -= 2
            return self._call()
        select = self._select()
        self.expect(")", "RIGHT_PAREN")
        return Exists(select)

    def _select(self) -> Select:
        projection: tuple[Term, ...] | None = None
        if not self.takes_mark("*"):
            projection = self.listed(self._column)
        elif self.sees_mark(","):
            raise malformed(
                "Other expressions may not be present in the select list when '*' is used without dot notation."
            )
        if not self.takes("from"):
            raise malformed("Expected FROM after SELECT list")
        source = self._source()
        return Select(projection, source, self._where(), self._order())

    def _column(self) -> Term:
        term = self.term()
        self._alias()
        return term

    def _order(self) -> tuple[tuple[Term, bool], ...]:
        if not self.takes("order"):
            return ()
        if not self.takes("by"):
            raise malformed("Expected BY")
        return self.listed(self._sort)

    def _sort(self) -> tuple[Term, bool]:
        term = self.term()
        descends = self.takes("desc")
        if not descends:
            self.takes("asc")
        return term, descends

    def _insert(self) -> Insert:
        source = Source(self.path().steps)
        if not self.takes("value"):
            self.term()
            raise malformed("Unexpected token after expression")
        return Insert(source, self.term())

    def _actions(self) -> tuple[Assign | Remove, ...]:
        actions: list[Assign | Remove] = []
        while True:
            if self.takes("set"):
                actions += self.listed(self._assign)
            elif self.takes("remove"):
                actions.append(Remove(self.path()))
            else:
                break
        if not actions:
            raise malformed("Expected data manipulation")
        return tuple(actions)

    def _assign(self) -> Assign:
        path = self.path()
        if not self.takes_mark("="):
            raise malformed("Expected '='")
        return Assign(path, self.term())

    def _where(self) -> Term | None:
        return self.term() if self.takes("where") else None

    def _returning(self) -> str | None:
        if not self.takes("returning"):
            return None
        for which in ("all", "modified"):
            for side in ("old", "new"):
                if self.takes(which, side):
                    if not self.takes_mark("*"):
                        self.term()
                        raise invalid("Only RETURNING with * is supported")
                    return f"{which} {side}".upper()
        raise malformed("Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.")

    # -- what is read and written --------------------------------------------------------------------------

    def _legacy_source(self) -> Source:
        source = Source(self.path().steps)
        self._alias()
        return source

    def _source(self) -> Source:
        term = self.term()
        self._alias()
        if not isinstance(term, Path):
            raise invalid("FROM clause may only contain a single table name")
        return Source(term.steps)

    def _alias(self) -> None:
        for word in ("as", "at", "by"):
            if self.takes(word):
                if self.head.kind not in ("word", "name"):
                    raise malformed(f"Expected identifier for {word.upper()}-alias")
                self.advance()
                self.aliased = True
            elif word == "as" and self.head.kind in ("word", "name"):
                self.advance()
                self.aliased = True

"""Parse and write filters.

::

    filter  = [ or ]
    or      = and { "OR" and }
    and     = not { [ "AND" ] not }
    not     = { "NOT" | "-" } ( "(" or ")" | term )
    term    = [ field ":" ] ( word | '"' words '"' )
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ingestd.filters.errors import FilterError
from ingestd.filters.expression import And, Clause, Expression, Not, Or
from ingestd.filters.fields import FIELDS
from ingestd.filters.tokens import Token, TokenKind, quoted, tokens_of

#: Characters of a filter, its clauses, and how deep parentheses and negations are nested.
MAX_LENGTH = 20_000
MAX_CLAUSES = 500
MAX_DEPTH = 20


def parse_expression(text: str) -> Expression | None:
    """Return the expression of a filter; None: it is empty.  Raises FilterError."""
    if len(text) > MAX_LENGTH:
        raise FilterError(MAX_LENGTH + 1, f"the filter is longer than {MAX_LENGTH} characters")
    parser = _Parser(tokens_of(text))
    if parser.kind() == "end":
        return None
    expression = parser.alternatives(depth=0)
    if parser.kind() != "end":
        raise FilterError(parser.token.column, "this parenthesis closes none")
    return expression


@dataclass(slots=True)
class _Parser:
    tokens: list[Token]
    at: int = 0
    clauses: int = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def kind(self) -> TokenKind:
        return self.token.kind

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def alternatives(self, depth: int) -> Expression:
        parts = [self.conjunction(depth)]
        while self.kind() == "OR":
            self.at += 1
            parts.append(self.conjunction(depth))
        return joined(Or, parts)

    def conjunction(self, depth: int) -> Expression:
        parts = [self.negation(depth)]
        while self.kind() not in ("OR", ")", "end"):
            if self.kind() == "AND":
                self.at += 1
            parts.append(self.negation(depth))
        return joined(And, parts)

    def negation(self, depth: int) -> Expression:
        token = self.take()
        if depth > MAX_DEPTH:
            raise FilterError(token.column, f"parentheses and negations are nested more than {MAX_DEPTH} deep")
        if token.kind in ("NOT", "-"):
            return Not(self.negation(depth + 1))
        if token.kind == "(":
            inner = self.alternatives(depth + 1)
            if self.kind() != ")":
                raise FilterError(token.column, "the parenthesis is never closed")
            self.at += 1
            return inner
        if token.kind != "term":
            found = "the filter ends" if token.kind == "end" else f"found {token.kind}"
            raise FilterError(token.column, f"expected a word, field:value or a parenthesis, but {found}")
        return self.clause(token)

    def clause(self, token: Token) -> Clause:
        self.clauses += 1
        if self.clauses > MAX_CLAUSES:
            raise FilterError(token.column, f"the filter has more than {MAX_CLAUSES} values")
        field = FIELDS.get(token.field)
        if field is None:
            names = ", ".join(name for name in FIELDS if name)
            raise FilterError(
                token.column, f"no field {token.field!r}; use one of {names}, or put the words in quotation marks"
            )
        try:
            reading = field.read(token.value, token.is_quoted)
        except ValueError as error:
            raise FilterError(token.column, str(error)) from error
        clause = Clause(field=field.name, value=reading.value, prefix=reading.prefix, test=reading.test)
        if not _is_canonical(clause):
            raise FilterError(token.column, f"cannot read {token.value!r}; write it in plain letters")
        return clause


def _is_canonical(clause: Clause) -> bool:
    """Return whether the canonical form of a clause reads as the same clause.

    Folding letters may turn a title into a number or an address, as that of "１２" does.
    """
    try:
        token, *rest = tokens_of(written(clause))
        if token.kind != "term" or token.field != clause.field or [one.kind for one in rest] != ["end"]:
            return False
        again = FIELDS[token.field].read(token.value, token.is_quoted)
    except (FilterError, ValueError):
        return False
    return (again.value, again.prefix) == (clause.value, clause.prefix)


def joined(kind: type[And] | type[Or], parts: Iterable[Expression]) -> Expression:
    """Return parts as one expression; a part that is of the same kind gives its own parts."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))
    return flat[0] if len(flat) == 1 else kind(flat)


def written(expression: Expression) -> str:
    """Return an expression in its canonical form, which reads as the same."""
    if isinstance(expression, Clause):
        field = f"{expression.field}:" if expression.field else ""
        return field + (
            f"{expression.value}*" if expression.prefix else quoted(expression.value, has_field=bool(field))
        )
    if isinstance(expression, Not):
        return f"-{_within(expression.part, (And, Or))}"
    if isinstance(expression, And):
        return " ".join(_within(part, (Or,)) for part in expression.parts)
    return " OR ".join(written(part) for part in expression.parts)


def _within(expression: Expression, kinds: tuple[Callable[..., Expression], ...]) -> str:
    """Return an expression, in parentheses if it is of one of some kinds."""
    text = written(expression)
    return f"({text})" if type(expression) in kinds else text

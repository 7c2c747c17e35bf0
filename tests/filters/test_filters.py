import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd import filters
from ingestd.filters import FIELDS, Candidate, CandidateSource, Filter, FilterError, fields, parse
from ingestd.filters.expression import And, Expression, Not, Or
from ingestd.filters.grammar import MAX_CLAUSES, MAX_DEPTH, MAX_LENGTH, joined
from ingestd.model.event import EVENT_KINDS
from ingestd.model.item import Concept

CANDIDATE = Candidate(
    kind="new",
    status="usable",
    sources=(
        CandidateSource(id=3, urls=("https://wire.example/latest.json",), title="Wire Example"),
        CandidateSource(id=7, urls=("https://news.bbc.co.uk/feed.xml",), title="BBC News"),
    ),
    sites=frozenset({"wire.example", "bbc.co.uk"}),
    agencies=frozenset({"ap", "associated press"}),
    languages=frozenset({"en-GB"}),
    subjects=(Concept(code="20001279", scheme="medtop", uri="http://cv.iptc.org/newscodes/mediatopic/20001279"),
              Concept(name="Ferries", code="9", scheme="local")),
    stories=frozenset({17}),
    headline="Fähre fährt am Montag wieder",
    text="The ferry runs again, the harbour master said. Café prices rise by 3.5 per cent. 東京都の船",
)  # fmt: skip
KILL = Candidate(kind="killed", status="canceled", withdrawn=True, sources=CANDIDATE.sources, sites=CANDIDATE.sites,
                 languages=CANDIDATE.languages)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "source:3",
        "source:https://WIRE.example:443/latest.json",
        'source:"wire ex"',
        "source:bbc",
        "site:bbc.co.uk",
        "site:BBC.co.uk.",
        "agency:AP",
        'agency:"Associated Press"',
        "language:en",
        "language:en-GB",
        "language:eng",
        "subject:medtop:20001279",
        "subject:20001279",
        "subject:http://cv.iptc.org/newscodes/mediatopic/20001279",
        "subject:ferries",
        "subject:local:9",
        "status:usable",
        "kind:new",
        "story:17",
        "headline:fahre",
        "headline:FÄHRE",
        'headline:"fährt am Montag"',
        "headline:mont*",
        "text:cafe",
        "3.5",
        "東京",
        "ferry Montag",
        "ferry AND montag",
        "nothing OR ferry",
        "(nothing OR ferry) harbour",
        "-nothing",
        "NOT nothing",
        "--ferry",
        "-(nothing ferry)",
    ],
)
def test_a_filter_matches(text: str) -> None:
    assert parse(text).matches(CANDIDATE)
    assert parse(text).reasons_against(CANDIDATE) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("source:4", "source:4"),
        ("source:https://wire.example/other", "source:https://wire.example/other"),
        ("source:example", "source:example"),
        ("site:example", "site:example"),
        ("agency:dpa", "agency:dpa"),
        ("language:de", "language:de"),
        ("language:en-US", "language:en-US"),
        ("subject:sport", "subject:medtop:15000000"),
        ("subject:transport", "subject:medtop:20000337"),
        ("status:canceled", "status:canceled"),
        ("kind:killed", "kind:killed"),
        ("story:18", "story:18"),
        ("headline:ferry", "headline:ferry"),
        ("text:montag", "text:montag"),
        ("headline:mont", "headline:mont"),
        ('"ferry again"', '"ferry again"'),
        ("Montag again nothing", "nothing"),
        ("-ferry", "-ferry"),
        ("ferry -(harbour montag)", "-(harbour montag)"),
        ("ferry (nothing OR montags)", "nothing"),
    ],
)
def test_a_filter_says_which_part_is_against_a_candidate(text: str, reason: str) -> None:
    assert not parse(text).matches(CANDIDATE)
    assert reason in parse(text).reasons_against(CANDIDATE)


def test_a_subject_matches_what_is_narrower_and_not_what_is_broader() -> None:
    cinema = replace(CANDIDATE, subjects=(Concept(uri="http://cv.iptc.org/newscodes/mediatopic/20000005"),))

    assert parse("subject:medtop:01000000").matches(cinema)
    assert parse('subject:"arts and entertainment"').matches(cinema)
    assert parse("subject:cinema").matches(cinema)
    assert not parse("subject:ballet").matches(cinema)
    assert not parse("subject:cinema").matches(
        replace(CANDIDATE, subjects=(Concept(uri="http://cv.iptc.org/newscodes/mediatopic/20000002"),))
    )


@pytest.mark.parametrize(
    "text",
    [
        "kind:new",
        "-kind:killed",
        "status:usable",
        "NOT status:canceled",
        "ferry",
        "-ferry",
        "headline:nothing",
        "subject:sport",
        "agency:dpa",
        "story:99",
        "source:3",
        "-source:7",
        "-site:bbc.co.uk",
        "-language:en",
        'source:"a former title"',
        "site:bbc.co.uk kind:new ferry",
    ],
)
def test_whoever_could_have_got_a_record_gets_its_kill(text: str) -> None:
    assert parse(text).matches(KILL)


@pytest.mark.parametrize("text", ["source:4", "site:other.example", "language:de", "source:4 OR site:other.example"])
def test_whoever_cannot_have_got_a_record_does_not_get_its_kill(text: str) -> None:
    assert not parse(text).matches(KILL)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("ferry colour:red", 7, "no field 'colour'; use one of source, site,"),
        ("kind:old", 1, "no kind 'old'; use one of new, revised"),
        ("status:dead", 1, "use one of usable, withheld, canceled"),
        ("story:x", 1, "'x' is no story"),
        ("site:news.bbc.co.uk", 1, "write bbc.co.uk"),
        ("site:https://bbc.co.uk/", 1, "is no"),
        ("language:klingon", 1, "'klingon' is no language; write a tag"),
        ("subject:99999999", 1, "IPTC has no Media Topic 99999999"),
        ("source:", 8, "no value after source:"),
        ('ferry "open', 7, "the quotation mark is never closed"),
        ("a (b", 3, "the parenthesis is never closed"),
        ("a b)", 4, "this parenthesis closes none"),
        ("a OR", 5, "expected a word, field:value or a parenthesis, but the filter ends"),
        ("OR a", 1, "but found OR"),
        ("...", 1, "has no letter and no digit"),
        ("()", 2, "but found )"),
    ],
)
def test_an_error_says_where_and_what_is_valid(text: str, column: int, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)

    assert caught.value.column == column
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"filter, column {column}: ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a " * (MAX_LENGTH // 2) + "b", id="length"),
        pytest.param("a " * (MAX_CLAUSES + 1), id="values"),
        pytest.param("(" * (MAX_DEPTH + 2) + "a" + ")" * (MAX_DEPTH + 2), id="parentheses"),
        pytest.param("-" * (MAX_DEPTH + 2) + "a", id="negations"),
        pytest.param("NOT (" * 4_000, id="both"),
    ],
)
def test_a_filter_is_bounded(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


def test_what_reaches_the_bounds_is_read() -> None:
    assert parse("a " * MAX_CLAUSES).matches(replace(CANDIDATE, text="a"))
    assert parse("(" * MAX_DEPTH + "ferry" + ")" * MAX_DEPTH).matches(CANDIDATE)


def test_every_field_is_in_the_table_and_needs_fields_of_a_candidate() -> None:
    names = {module.name for module in pkgutil.iter_modules(fields.__path__)} - {"field", "choices", "word_values"}

    assert [importlib.import_module(f"ingestd.filters.fields.{name}").FIELD for name in sorted(names)] == [
        FIELDS[name.removesuffix("words")] for name in sorted(names)
    ]
    assert names == {name or "words" for name in FIELDS}
    for field in FIELDS.values():
        assert field.needs <= {*Candidate.__dataclass_fields__}


def test_a_filter_needs_only_the_fields_that_it_asks_for() -> None:
    assert parse("kind:new status:usable").fields == frozenset()
    assert parse("-(source:3 OR ferry)").fields == {"sources", "headline", "text"}


# ---- properties

WORDS = st.sampled_from(["ferry", "montag", "nothing", '"harbour master"', "mont*", "3.5", "東京", '"OR"', '"-x"'])
VALUES = {
    "source": st.sampled_from(["3", "4", "https://wire.example/latest.json", '"wire ex"', "bbc", '"24 heures"']),
    "site": st.sampled_from(["bbc.co.uk", "other.example", "127.0.0.1", "münchen.de"]),
    "agency": st.sampled_from(["AP", '"Associated Press"', "dpa"]),
    "language": st.sampled_from(["en", "en-GB", "de", "pt-BR"]),
    "subject": st.sampled_from(["sport", "medtop:20001279", "local:9", '"arts and entertainment"', "Ferries"]),
    "status": st.sampled_from(["usable", "withheld", "canceled"]),
    "kind": st.sampled_from(EVENT_KINDS),
    "story": st.sampled_from(["17", "18", "017"]),
    "headline": WORDS,
    "text": WORDS,
}
CLAUSES = st.one_of(WORDS, *(values.map(f"{name}:{{}}".format) for name, values in VALUES.items()))
TEXTS = st.recursive(
    CLAUSES,
    lambda inner: st.one_of(
        inner.map("-({})".format),
        inner.map("NOT ({})".format),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: " ".join(f"({part})" for part in parts)),
        st.lists(inner, min_size=1, max_size=3).map(" OR ".join),
    ),
    max_leaves=8,
)
CANDIDATES = st.sampled_from([CANDIDATE, KILL, Candidate(), replace(CANDIDATE, text=None, sources=None)])


@given(TEXTS)
def test_the_canonical_form_reads_as_the_same_filter(text: str) -> None:
    found = parse(text)

    assert parse(str(found)) == found
    assert str(parse(str(found))) == str(found)


@given(TEXTS, CANDIDATES)
def test_the_canonical_form_matches_the_same(text: str, candidate: Candidate) -> None:
    assert parse(str(parse(text))).matches(candidate) == parse(text).matches(candidate)


@given(st.text(max_size=60) | st.text(alphabet='ab:"()-* \\ORNTDkindsource', max_size=40))
def test_any_text_is_a_filter_or_an_error_and_never_a_crash(text: str) -> None:
    try:
        found = parse(text)
    except FilterError as error:
        column = error.column
    else:
        column = 1
        assert parse(str(found)) == found
        found.matches(CANDIDATE)
    assert 1 <= column <= len(text) + 1


@given(TEXTS, TEXTS, CANDIDATES)
def test_de_morgan(one: str, other: str, candidate: Candidate) -> None:
    assert parse(f"-(({one}) ({other}))").matches(candidate) == parse(f"-({one}) OR -({other})").matches(candidate)
    assert parse(f"-(({one}) OR ({other}))").matches(candidate) == parse(f"-({one}) -({other})").matches(candidate)


@given(TEXTS, CANDIDATES)
def test_reasons_are_given_exactly_for_what_does_not_match(text: str, candidate: Candidate) -> None:
    assert bool(parse(text).reasons_against(candidate)) != parse(text).matches(candidate)


@given(TEXTS, st.sampled_from([CANDIDATE, replace(CANDIDATE, text=None)]))
def test_what_matches_a_record_matches_its_kill(text: str, candidate: Candidate) -> None:
    if parse(text).matches(candidate):
        assert parse(text).matches(KILL)


def test_a_filter_is_a_value() -> None:
    assert parse("a b") == parse("a  AND b") == Filter(joined(And, [_clause("a"), _clause("b")]))
    assert hash(parse("a OR b")) == hash(parse("(a) OR b"))
    assert parse("-a").expression == Not(_clause("a"))
    assert parse("a OR b").expression == Or((_clause("a"), _clause("b")))
    assert filters.parse("") == Filter()


def _clause(text: str) -> Expression:
    expression = parse(text).expression
    assert expression is not None
    return expression


def test_the_page_lists_the_fields() -> None:
    page = (Path(__file__).parents[2] / "docs" / "filters.md").read_text("utf-8")

    for field in FIELDS.values():
        assert not field.name or f"| `{field.name}` | {field.values} |" in page

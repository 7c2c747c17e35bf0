"""Values that are words: whole words in any case and without accents, as search compares them."""

from collections.abc import Callable, Sequence
from functools import partial

from ingestd.filters.candidate import Candidate
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Reading
from ingestd.model.search_terms import Phrase, matches, phrase_of
from ingestd.text import collapse

#: Returns the words of each text in which a value may be; None: the text is not known.
TermsOf = Callable[[Candidate], Sequence[Sequence[str] | None]]


def reader(terms_of: TermsOf) -> Callable[[str, bool], Reading]:
    """Return the function that reads words which must follow one another in one of some texts."""

    def read(value: str, is_quoted: bool) -> Reading:
        prefix = not is_quoted and value.endswith("*")
        text = collapse(value).rstrip("* ")
        phrase = phrase_of(text, prefix=prefix)
        if phrase is None:
            raise ValueError(f"{value!r} has no letter and no digit")
        return Reading(value=text, test=partial(_has_phrase, phrase, terms_of), prefix=prefix)

    return read


def _has_phrase(phrase: Phrase, terms_of: TermsOf, candidate: Candidate) -> Truth:
    found = terms_of(candidate)
    if any(matches(phrase, one) for one in found if one is not None):
        return True
    return None if any(one is None for one in found) else False

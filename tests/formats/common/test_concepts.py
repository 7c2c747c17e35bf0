from importlib.resources import files

import pytest

from ingestd.formats.common.concepts import concept_of, is_subject_code, mapped_media_topics
from ingestd.model.item import Concept
from ingestd.model.media_topics import media_topic

LEISURE = "http://cv.iptc.org/newscodes/mediatopic/20000538"


@pytest.mark.parametrize(
    ("code", "scheme", "uri"),
    [
        pytest.param("medtop:20000538", None, None, id="qcode"),
        pytest.param("20000538", "medtop", None, id="code and alias"),
        pytest.param("20000538", "mediaTopics", None, id="code and another name of the scheme"),
        pytest.param("20000538", "http://cv.iptc.org/newscodes/mediatopic/", None, id="code and the scheme's URI"),
        pytest.param(None, None, "https://cv.iptc.org/newscodes/mediatopic/20000538", id="URI with https"),
        pytest.param("http://cv.iptc.org/newscodes/mediatopic/20000538/", None, None, id="URI as code, with a slash"),
    ],
)
def test_media_topics_have_one_uri_and_a_name(code: str | None, scheme: str | None, uri: str | None) -> None:
    concept = concept_of(code, scheme=scheme, uri=uri)

    assert concept
    assert (concept.uri, concept.name, concept.code) == (LEISURE, "leisure", "20000538")


@pytest.mark.parametrize(
    ("code", "concept"),
    [
        pytest.param(
            "medtop:99999999", Concept(code="99999999", scheme="medtop", uri=LEISURE[:-8] + "99999999"), id="unknown"
        ),
        pytest.param(
            "medtop:200000538",
            Concept(code="200000538", scheme="medtop", uri=LEISURE[:-8] + "200000538"),
            id="too long",
        ),
        pytest.param("hn:7", Concept(code="7", scheme="hn"), id="unknown scheme"),
        pytest.param("News from: here", Concept(code="News from: here"), id="a colon in a name"),
        pytest.param("hn:", Concept(code="hn:"), id="no code after the colon"),
        pytest.param("urn:x:7", Concept(uri="urn:x:7"), id="URN"),
    ],
)
def test_other_codes_are_unchanged(code: str, concept: Concept) -> None:
    assert concept_of(code) == concept


def test_no_code_uri_or_name_is_no_concept() -> None:
    assert concept_of(None) is None


def test_a_name_that_was_sent_is_kept() -> None:
    concept = concept_of("medtop:20000538", name="Freizeit")

    assert concept
    assert concept.name == "Freizeit"


def test_the_vocabulary_is_complete_and_names_its_licence() -> None:
    table = (files("ingestd.model") / "media_topics.tsv").read_text("utf-8")
    codes = [line.split("\t")[0] for line in table.splitlines() if not line.startswith("#")]

    assert "CC BY 4.0" in table[:500]
    assert len(codes) == len(set(codes)) == 1387
    topics = {code: media_topic(code) for code in codes}
    assert all(found and found.name and (not found.parent or found.parent in topics) for found in topics.values())
    assert sum(1 for found in topics.values() if found and not found.parent) == 17


def test_a_topic_has_its_parent() -> None:
    found = media_topic("20000003")

    assert found
    assert (found.name, found.parent, found.retired) == ("animation", "20000002", "")
    assert media_topic("00000000") is None


@pytest.mark.parametrize(
    ("concept", "retired"),
    [
        pytest.param(Concept(code="17005000"), True, id="bare"),
        pytest.param(Concept(code="17005000", scheme="subj"), True, id="alias"),
        pytest.param(Concept(code="17005000", scheme="IptcSubjectCodes"), True, id="NewsML 1"),
        pytest.param(Concept(code="17005000", scheme="sttsubj"), False, id="scheme of an agency"),
        pytest.param(Concept(code="04000000", scheme="medtop"), False, id="Media Topic"),
        pytest.param(Concept(code="20000538"), False, id="Media Topic, bare"),
        pytest.param(Concept(code="1700500"), False, id="seven digits"),
    ],
)
def test_retired_subject_codes_are_recognised(concept: Concept, retired: bool) -> None:
    assert is_subject_code(concept) is retired


def test_a_subject_code_is_mapped_once_and_not_to_a_topic_already_there() -> None:
    weather = Concept(code="17000000", uri="http://cv.iptc.org/newscodes/mediatopic/17000000")

    assert [one.code for one in mapped_media_topics((Concept(code="17005000"), Concept(code="17005000")))] == [
        "20001131"
    ]
    assert mapped_media_topics((Concept(code="17000000"), weather)) == ()
    assert mapped_media_topics((Concept(code="09999999"),)) == ()

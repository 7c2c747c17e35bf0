from ingestd.articles.witnesses.copyright_notices import copyright_notices, usage_terms


def test_notices_about_pictures_and_other_lines_are_not_copyright_notices_of_the_text() -> None:
    lines = [
        "The law on copyright by the sea is old, the mayor said.",
        "© Photo: Bo Ray 2020",
        "Copyright 2020 The Associated Press. All rights reserved.",
        "© dpa-infocom, dpa:200624-99-1/2",
        "(c) and so on",
        "© 2020 Paper" + " x" * 200,
    ]

    assert copyright_notices(lines) == (lines[3], lines[2])


def test_usage_terms_are_the_notice_that_states_how_the_text_may_be_used() -> None:
    assert usage_terms(["© 2020 Paper", "© 2020 Paper. This material may not be broadcast."]) == (
        "© 2020 Paper. This material may not be broadcast."
    )
    assert usage_terms(["© 2020 Paper"]) is None

import pytest
from lxml import html

from ingestd.articles.body.marked_elements import STRONG, TEASER, WEAK, mark_strength


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param("<aside></aside>", STRONG, id="aside"),
        pytest.param("<figcaption></figcaption>", STRONG, id="caption"),
        pytest.param("<div role='dialog'></div>", STRONG, id="dialog-by-role"),
        pytest.param("<div class='post-comments'></div>", STRONG, id="comments"),
        pytest.param("<div id='cookieBanner'></div>", STRONG, id="camel-case"),
        pytest.param("<div class='Story_relatedArticles__x1'></div>", STRONG, id="snake-and-camel-case"),
        pytest.param("<div class='share-bar'></div>", WEAK, id="share-bar"),
        pytest.param("<form></form>", WEAK, id="form"),
        pytest.param("<div style='display: none'></div>", WEAK, id="not-shown"),
        pytest.param("<p aria-hidden='true'></p>", WEAK, id="not-read-out"),
        pytest.param("<p class='hidden'></p>", STRONG, id="hidden"),
        pytest.param("<p class='hidden md:block'></p>", 0, id="hidden-on-narrow-screens"),
        pytest.param("<p class='article__teaser'></p>", TEASER, id="dek-called-teaser"),
        pytest.param("<div class='has-sidebar'></div>", 0, id="state-of-the-page"),
        pytest.param("<div class='post-12 tag-more category-jobs'></div>", 0, id="what-a-story-is-filed-under"),
        pytest.param("<div class='elementor-widget-text'></div>", 0, id="page-builder"),
        pytest.param("<div class='sc-gicCAd NgShared'></div>", 0, id="hash"),
        pytest.param("<div class='commentary'></div>", 0, id="a-longer-word"),
        pytest.param("<article class='comments'></article>", 0, id="the-whole-story"),
        pytest.param("<p></p>", 0, id="nothing-said"),
        pytest.param("<div data-name='comments'></div>", 0, id="an-attribute-that-marks-nothing"),
        pytest.param("<div data-name='x' class='share-bar'></div>", WEAK, id="beside-such-an-attribute"),
        pytest.param("<div class='story' hidden></div>", WEAK, id="hidden-with-a-class"),
        pytest.param("<figure class='story'></figure>", WEAK, id="a-figure-with-a-class"),
        pytest.param("<figure class='comments'></figure>", STRONG, id="a-figure-that-its-class-marks"),
    ],
)
def test_elements_are_marked_by_tag_role_class_and_id(markup: str, expected: int) -> None:
    assert mark_strength(html.fragment_fromstring(markup)) == expected

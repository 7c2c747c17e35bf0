import importlib
import pkgutil

from ingestd import renderers

#: Modules that are not renderers.
HELPERS = {
    "feeds",
    "forms",
    "identifiers",
    "record_forms",
    "record_items",
    "record_json",
    "renderer",
    "story_json",
    "xml_writer",
}


def test_every_renderer_is_in_the_table() -> None:
    names = {module.name for module in pkgutil.iter_modules(renderers.__path__)} - HELPERS
    defined = {importlib.import_module(f"ingestd.renderers.{name}").RENDERER for name in names}

    assert defined == set(renderers.RENDERERS)

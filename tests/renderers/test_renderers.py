import importlib
import pkgutil

from ingestd import renderers

# What a renderer is made of, and no renderer itself.
HELPERS = {"record_items", "renderer"}


def test_every_module_is_in_the_table_or_known_as_a_helper() -> None:
    modules = {module.name for module in pkgutil.iter_modules(renderers.__path__)}
    offered = {importlib.import_module(f"ingestd.renderers.{name}").RENDERER for name in modules - HELPERS}

    assert offered == set(renderers.RENDERERS)

"""Which module imports which; the arrows between folders are held by `lint-imports`."""

from graphlib import TopologicalSorter

import grimp


def test_no_module_imports_itself_in_a_circle():
    """Imports inside functions and for type checking count too."""
    graph = grimp.build_graph("keras_regnoise", cache_dir=None)
    imports = {m: graph.find_modules_directly_imported_by(m) for m in graph.modules}
    assert len(imports) > 100
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle

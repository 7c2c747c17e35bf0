"""What the daemon's process loads for placing records in stories."""

import os
import subprocess
import sys

CODE = """
import os, sys
import ingestd.pipeline.stories.placer
loaded = [name for name in ("numpy", "trafilatura", "htmldate") if name in sys.modules]
print(os.environ["OPENBLAS_NUM_THREADS"], *loaded)
"""


def test_a_placer_loads_numpy_with_one_thread_and_no_parsers() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)

    assert done.stdout.split() == ["1", "numpy"]

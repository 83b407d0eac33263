from __future__ import annotations

import subprocess
import sys

from deploy.checkup import LAYERS


def test_import_contracts_are_kept():
    done = subprocess.run([sys.executable, "-c", LAYERS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout

import os
import sys

from rlhf.worker.main import main

try:
    code = main()
except SystemExit as stop:
    if not isinstance(stop.code, int):
        raise
    code = stop.code
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # the run is over, and taking all those libraries down in order takes seconds

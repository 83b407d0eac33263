import sys

from rlhf.worker.main import main

sys.exit(main())

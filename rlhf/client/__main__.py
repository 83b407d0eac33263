import sys

from rlhf.client.cli import main

sys.exit(main())

"""Training, sampling and evaluation: one readable file for each, none of which knows a server.

from rlhf.specs import RewardTraining
from rlhf.training.reward import train_reward
from rlhf.training.reporting import ConsoleReporter

train_reward(RewardTraining(), model_path="base", snapshot_dir="snapshot",
             output_dir="out", reporter=ConsoleReporter())
"""

import os

# The libraries read these when they are first imported, so this must come before any of them.
# A run talks to its own server only: no telemetry. A hub that does not answer fails the run at once.
for _name, _value in {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_ETAG_TIMEOUT": "5",
    "HF_HUB_DOWNLOAD_TIMEOUT": "15",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
}.items():
    os.environ.setdefault(_name, _value)

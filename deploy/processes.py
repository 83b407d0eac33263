"""Small facts about operating-system processes that several parts need."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(stop: signal.Signals = signal.SIGTERM) -> None:
    """For `preexec_fn`: get `stop` when the parent dies, even by SIGKILL. Linux only; elsewhere
    a killed supervisor leaves its children behind."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(stop), 0, 0, 0)
    if os.getppid() != parent:  # it died before the request was made
        os.kill(os.getpid(), stop)

"""Whatever runs workers; `EXECUTOR` names the one in use."""

from rlhf.executors.base import CannotRun, Executor, Launch, Status, Submitted
from rlhf.executors.local import LocalExecutor

__all__ = ["CannotRun", "Executor", "Launch", "LocalExecutor", "Status", "Submitted"]

"""Where the time of PPO's updates goes: shares of the processor's time in the operators of one rollout's."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import torch
from torch._C._profiler import _ExperimentalConfig
from torch.profiler import ProfilerActivity, profile

from benchmarks.figures import say
from benchmarks.peers.ppo_ours import make_run
from benchmarks.peers.workloads import Workload
from rlhf.training.reporting import ConsoleReporter

GROUPS = {
    "matrix products": ("aten::mm", "aten::addmm", "aten::bmm", "mkldnn::_linear"),
    "attention": ("scaled_dot_product",),
    "multiplications": ("aten::mul",),
    "additions": ("aten::add",),
    "copies": ("aten::copy_", "aten::cat", "aten::fill_", "aten::zero_", "aten::index"),
}
OTHER = "other operators"


def show(workload: Workload, *, threads: int) -> None:
    found = measure(workload, threads=threads)
    for group, share in found.most_common():
        say(f"PPO's updates on {workload.name}: {group}", share, "of operators' time", n=1)


def measure(workload: Workload, *, threads: int) -> Counter[str]:
    """Shares of the time that one rollout's updates spend in operators themselves, by group."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory(prefix="plumbline-shares-") as name:
        folder = Path(name) / "workload"
        workload.write(folder)
        run = make_run(folder, ConsoleReporter())
        for _ in range(2):  # the first time some memory is new
            rollout, _ = run.collect()
            with profile(
                activities=[ProfilerActivity.CPU],
                experimental_config=_ExperimentalConfig(profile_all_threads=True),
            ) as seen:
                run.learn(rollout)
            run.state.update = 0
    spent: Counter[str] = Counter()
    for event in seen.key_averages():
        if event.key.startswith(("aten::", "mkldnn::", "Optimizer", "_fused")):
            spent[_group(event.key)] += event.self_cpu_time_total
    return Counter({group: seconds / spent.total() for group, seconds in spent.items()})


def _group(operator: str) -> str:
    return next((name for name, parts in GROUPS.items() if any(part in operator for part in parts)), OTHER)

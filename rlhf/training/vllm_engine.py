"""vLLM as a sampler of PPO. It is not among this project's requirements, and this engine has not been run by
its authors: it follows vLLM's documented interface.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from rlhf.specs import PpoTraining
from rlhf.training.engines import Engine, Sampled, cut_at_stop
from rlhf.training.errors import TrainingError
from rlhf.training.ppo_models import POLICY, Models
from rlhf.training.text import TokenIds

VLLM_MEMORY_SHARE = 0.3  # of the GPU: the models that learn need the rest


class VllmEngine(Engine):
    """vLLM inside this process; it takes over the policy's weights before each rollout. Not verified."""

    def __init__(self, models: Models, spec: PpoTraining, stop_ids: Sequence[int]) -> None:
        # The engine must live in this process, where its weights can be reached.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        try:
            from vllm import LLM
        except ImportError as error:
            raise TrainingError(
                "engine: vllm needs vLLM on the worker's machine. Install it there, or choose another engine."
            ) from error
        self.models = models
        self.spec = spec
        self.stop_ids = sorted(stop_ids)
        self.llm = LLM(
            model=str(models.folder),
            max_model_len=spec.max_length,
            gpu_memory_utilization=VLLM_MEMORY_SHARE,
            logprobs_mode="processed_logprobs",  # at the sampling temperature
            distributed_executor_backend="external_launcher" if torch.distributed.is_initialized() else None,
            seed=spec.seed,
        )

    def generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        from vllm import SamplingParams

        self._take_weights()
        answers = self.llm.generate(
            [{"prompt_token_ids": list(ids)} for ids in prompts],
            [
                SamplingParams(
                    temperature=self.spec.temperature,
                    top_p=1.0,
                    top_k=-1,
                    max_tokens=self.spec.max_completion_length,
                    stop_token_ids=self.stop_ids,
                    seed=seed,
                    logprobs=0,
                    detokenize=False,
                )
                for seed in seeds
            ],
            use_tqdm=False,
        )
        sampled = []
        for answer in answers:
            ids = list(answer.outputs[0].token_ids)
            believed = [
                entry[token].logprob for token, entry in zip(ids, answer.outputs[0].logprobs, strict=True)
            ]
            sampled.append(cut_at_stop(ids, believed, set(self.stop_ids)))
        return sampled

    def _take_weights(self) -> None:
        runner = self.llm.llm_engine.model_executor.driver_worker.model_runner
        runner.model.load_weights(merged_weights(self.models.sampler))
        self.llm.reset_prefix_cache()


@torch.no_grad()
def merged_weights(model: Any) -> Iterator[tuple[str, Tensor]]:
    """Names and weights as the model is saved, the policy's adapters added to copies: adding them in
    place and taking them off again would change the reference by rounding."""
    adapted = {
        f"{name}.weight": module for name, module in model.named_modules() if hasattr(module, "lora_A")
    }
    for name, parameter in model.named_parameters():
        if ".lora_" in name:
            continue
        plain = name.replace(".base_layer.", ".")
        if plain in adapted and POLICY in adapted[plain].lora_A:
            yield plain, parameter + adapted[plain].get_delta_weight(POLICY).to(parameter.dtype)
        else:
            yield plain, parameter

"""Samplers to be chosen by name: transformers' `generate` and its continuous batching, and vLLM.

All keep the log-probability each token had when it was drawn, so that PPO can correct for what their
arithmetic does differently. vLLM is not among this project's requirements, and its engine has not been
run by the authors: it follows vLLM's documented interface.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

from rlhf.specs import PpoTraining
from rlhf.training.errors import TrainingError
from rlhf.training.ppo_models import POLICY, Models
from rlhf.training.rollout import LoopEngine, ModelEngine, Sampled, choose, cut_at_stop, derive_seed, uniforms
from rlhf.training.text import TokenIds

PAGE = 32  # tokens; where the room is set by us
VLLM_MEMORY_SHARE = 0.3  # of the GPU: the models that learn need the rest


class GenerateEngine(LoopEngine):
    """transformers' own `generate`, drawing the same numbers: slower, for models the loop cannot run."""

    @torch.no_grad()
    def _generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        longest = max(map(len, prompts))
        padding = [[self.pad_token_id] * (longest - len(ids)) for ids in prompts]
        target = self.model.device
        input_ids = torch.tensor([pad + list(ids) for pad, ids in zip(padding, prompts, strict=True)])
        mask = torch.tensor([[0] * len(pad) + [1] * (longest - len(pad)) for pad in padding])
        chooser = _Chooser(uniforms(seeds, self.max_new_tokens).to(target), self.temperature)
        generated = self.model.generate(
            input_ids=input_ids.to(target),
            attention_mask=mask.to(target),
            logits_processor=LogitsProcessorList([chooser]),
            generation_config=GenerationConfig(
                do_sample=False,
                num_beams=1,
                max_new_tokens=self.max_new_tokens,
                eos_token_id=self.stop_ids,
                pad_token_id=self.pad_token_id,
            ),
        )[:, longest:].tolist()
        logprobs = torch.stack(chooser.logprobs, dim=1).tolist()
        return [
            cut_at_stop(ids, values, set(self.stop_ids))
            for ids, values in zip(generated, logprobs, strict=True)
        ]


class _Chooser(LogitsProcessor):
    """Leaves one token possible: the one that was drawn."""

    def __init__(self, uniform: Tensor, temperature: float) -> None:
        self.uniform = uniform
        self.temperature = temperature
        self.logprobs: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        step = len(self.logprobs)
        tokens, logprobs = choose(scores, self.uniform[:, step], temperature=self.temperature)
        self.logprobs.append(logprobs)
        return torch.full_like(scores, -torch.inf).scatter_(1, tokens[:, None], 0.0)


class ContinuousBatchingEngine(ModelEngine):
    """A row that ends makes room for one that waits. Rows share one stream of random numbers: the same
    prompts with the same seeds give the same completions, another company gives others."""

    def generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        from transformers.generation.configuration_utils import ContinuousBatchingConfig

        room: dict[str, Any] = {}
        if self.model.device.type == "cpu":  # it would take most of the machine's memory, and a while
            pages = sum(math.ceil((len(ids) + self.max_new_tokens) / PAGE) for ids in prompts)
            room = {"page_size": PAGE, "num_blocks": pages + 1, "max_batch_tokens": 512}
        generated = self.model.generate_batch(
            [list(ids) for ids in prompts],
            generation_config=GenerationConfig(
                do_sample=True,
                temperature=self.temperature,
                top_k=0,
                top_p=1.0,
                max_new_tokens=self.max_new_tokens,
                eos_token_id=self.stop_ids,
                pad_token_id=self.pad_token_id,
            ),
            continuous_batching_config=ContinuousBatchingConfig(
                return_logprobs=True,
                seed=derive_seed(*seeds) % 2**31,
                max_requests_per_batch=self.batch_size,
                **room,
            ),
            progress_bar=False,
        )
        if len(generated) != len(prompts):
            raise TrainingError(
                f"Continuous batching answered {len(generated)} of {len(prompts)} prompts: the log has its "
                "error. Choose engine: transformers."
            )
        stops = set(self.stop_ids)
        return [
            cut_at_stop(list(one.generated_tokens), list(one.logprobs), stops) for one in generated.values()
        ]


class VllmEngine:
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

"""One token after another through a transformers model, on a cache that has its room from the start.

On a GPU a step of few rows is mostly the launching of some thousand kernels one by one. There it is
recorded once as a CUDA graph and played again, in less than half the time (0.5B, 128 rows, an H100).
A graph wants fixed addresses and shapes, so a step then writes at a place that a tensor names, and
looks at a stretch of the cache that grows by `STRETCH` tokens at a time, under a mask.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

logger = logging.getLogger(__name__)

STRETCH = 128


class Decoder:
    """For one batch of B rows, padded on the left. Call it with the prompts first, then token by token."""

    def __init__(self, model: Any, mask: Tensor, *, fixed: bool | None = None) -> None:
        """`mask` (B, room) is False at padding. `fixed` (None: on a GPU, where the model allows it): work
        on fixed shapes, recorded where there is a GPU."""
        config = model.config.get_text_config()
        kinds = getattr(config, "layer_types", None)
        all_attend = (
            set(kinds) == {"full_attention"} if kinds else not getattr(config, "sliding_window", None)
        )
        self._takes_mask_4d = getattr(config, "_attn_implementation", "") == "sdpa" and all_attend
        self.model = model
        self.mask = mask
        self.seen = 0  # columns of the mask
        self.fixed = self._takes_mask_4d and (mask.is_cuda if fixed is None else fixed)
        self._is_padded = not bool(mask.all())
        self._step: _FixedStep | None = None
        layers = [RoomyLayer(mask.shape[1]) for _ in range(config.num_hidden_layers)] if all_attend else []
        self.layers = layers
        self.cache: Cache = Cache(layers=[*layers]) if layers else DynamicCache(config=config)

    def __call__(self, input_ids: Tensor, positions: Tensor) -> Tensor:
        """(B, V), the logits of what follows. Both arguments are (B, number of new tokens)."""
        is_first, self.seen = not self.seen, self.seen + input_ids.shape[1]
        if self.fixed and not is_first:
            return self._fixed(input_ids, positions)
        attention = None
        if self._is_padded:
            attention = self.mask[:, : self.seen]
            attention = attention.long() if is_first or not self._takes_mask_4d else attention[:, None, None]
        return self.forward(input_ids, positions, attention)

    def forward(self, input_ids: Tensor, positions: Tensor, attention: Tensor | None) -> Tensor:
        return self.model(
            input_ids=input_ids,
            attention_mask=attention,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]

    def keep(self, rows: Tensor) -> None:
        """The other rows leave the batch."""
        self._stop_fixed()
        self.cache.batch_select_indices(rows)
        self.mask = self.mask[rows]

    def _fixed(self, input_ids: Tensor, positions: Tensor) -> Tensor:
        if self._step is None or self._step.stretch < self.seen:
            self._stop_fixed()
            stretch = min(-(-self.seen // STRETCH) * STRETCH, self.mask.shape[1])
            self._step = _FixedStep(self, stretch)
        logits = self._step(input_ids, positions)
        if not self.fixed:  # the step could not be recorded
            self._stop_fixed()
        return logits

    def _stop_fixed(self) -> None:
        if self._step is not None:
            self._step = None
            for layer in self.layers:
                layer.fixed, layer.length = None, self.seen


class _FixedStep:
    """A step whose tensors stay where they are: done once, recorded, then played."""

    def __init__(self, decoder: Decoder, stretch: int) -> None:
        mask = decoder.mask
        self.decoder = decoder
        self.stretch = stretch
        self.input_ids = torch.empty((len(mask), 1), dtype=torch.long, device=mask.device)
        self.positions = torch.empty_like(self.input_ids)
        self.place = torch.empty(1, dtype=torch.long, device=mask.device)
        self.columns = torch.arange(stretch, device=mask.device)
        self.attention = torch.empty((len(mask), 1, 1, stretch), dtype=torch.bool, device=mask.device)
        self.logits: Tensor | None = None
        self.graph: Any = None
        for layer in decoder.layers:
            layer.fixed = self.place, stretch

    def __call__(self, input_ids: Tensor, positions: Tensor) -> Tensor:
        seen = self.decoder.seen
        self.input_ids.copy_(input_ids)
        self.positions.copy_(positions)
        self.place.fill_(seen - 1)
        self.attention[:, 0, 0] = self.decoder.mask[:, : self.stretch] & (self.columns < seen)
        if self.graph is not None:
            self.graph.replay()
            assert self.logits is not None
            return self.logits
        # Once without recording: what libraries set up at a first call must not be recorded.
        logits = self._forward()
        if logits.is_cuda:
            self._record()
        return logits

    def _record(self) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            # Other threads (NCCL's) may use the device meanwhile.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self.logits = self._forward()
        except RuntimeError as error:
            logger.warning("Decoding goes on without a CUDA graph: %s", str(error).split("\n")[0])
            self.decoder.fixed = False
        else:
            self.graph = graph

    def _forward(self) -> Tensor:
        return self.decoder.forward(self.input_ids, self.positions, self.attention)


class RoomyLayer(DynamicLayer):
    """Keys and values are written into room set aside once: growing by concatenation copies all that
    there is for each token."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.length = 0
        self.fixed: tuple[Tensor, int] | None = None  # where a token is written, how much is looked at

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        # Zeros: a weight of zero would not make up for a NaN that lay there.
        self.keys = key_states.new_zeros((*key_states.shape[:-2], self.room, key_states.shape[-1]))
        self.values = value_states.new_zeros((*value_states.shape[:-2], self.room, value_states.shape[-1]))
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        if self.fixed is not None:
            place, stretch = self.fixed
            self.keys.index_copy_(-2, place, key_states)
            self.values.index_copy_(-2, place, value_states)
            return self.keys[..., :stretch, :], self.values[..., :stretch, :]
        start, self.length = self.length, self.length + key_states.shape[-2]
        self.keys[..., start : self.length, :] = key_states
        self.values[..., start : self.length, :] = value_states
        return self.keys[..., : self.length, :], self.values[..., : self.length, :]

    def get_seq_length(self) -> int:
        return self.length

    def batch_select_indices(self, indices: Tensor) -> None:
        assert self.keys is not None
        assert self.values is not None
        # In the room there is: to set aside less for fewer rows would take longer than it saves.
        for name in ("keys", "values"):
            rows = getattr(self, name)
            rows[: len(indices), :, : self.length] = rows[:, :, : self.length].index_select(0, indices)
            setattr(self, name, rows[: len(indices)])

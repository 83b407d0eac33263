"""What a causal model says at some positions, its last layer computed at those alone.

Later tokens attend to what a layer makes of earlier ones, so all layers but the last need every position. In
the last one a position that nobody reads gives its keys and values; its query, what attention brings it
and its feed-forward part would be thrown away. Where a prompt is as long as its completion, as it may be in
PPO, that is some two fifths of a layer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from rlhf.training.trunk import Trunk

# Each treats a position by itself. A mixture of experts has no `down_proj` of its own and is left alone.
ATTENTION_PARTS = ("q_proj", "o_proj")
DENSE = "down_proj"


class LastLayer:
    """That of a transformers backbone. Where its layers are not named as Llama's are, or `narrow` is False,
    all of it is computed: as gradient checkpointing needs it, which makes a pass again by itself."""

    def __init__(self, backbone: Any, *, narrow: bool = True) -> None:
        # By thread, since several may read one model: which places, of tokens of what shape.
        self._read: dict[int, tuple[Tensor, torch.Size]] = {}
        for part in _parts(backbone) if narrow else ():
            part.register_forward_pre_hook(self._before)
            part.register_forward_hook(self._after)

    @contextmanager
    def reading(self, positions_N: Tensor, shape_BT: torch.Size) -> Iterator[None]:
        """Meanwhile the last states of a batch (B, T) of this thread are right at these places alone."""
        thread = threading.get_ident()
        self._read[thread] = positions_N, shape_BT
        try:
            yield
        finally:
            del self._read[thread]

    def _before(self, _: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """(B, T, In) -> (1, N, In)."""
        read = self._read.get(threading.get_ident())
        if read is None:
            return None
        states, *others = arguments
        return states.flatten(0, 1).index_select(0, read[0])[None], *others

    def _after(self, _: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> Tensor | None:
        """(1, N, Out) -> (B, T, Out), zeros where nobody reads."""
        read = self._read.get(threading.get_ident())
        if read is None:
            return None
        positions_N, shape_BT = read
        wide = output.new_zeros(shape_BT.numel(), output.shape[-1])
        return wide.index_copy_(0, positions_N, output[0]).view(*shape_BT, -1)


class Reader(LastLayer):
    """The whole backbone, by hand where that is possible (trunk.py)."""

    def __init__(self, backbone: Any, *, narrow: bool = True) -> None:
        super().__init__(backbone, narrow=narrow)
        self.backbone = backbone
        self.trunk = Trunk.of(backbone) if narrow else None

    def __call__(self, input_ids: Tensor, positions_N: Tensor, lengths_B: Tensor) -> Tensor:
        """(N, H): the last states at places of the flattened `input_ids` (B, T), whose rows have these
        lengths and are padded on the right."""
        if self.trunk is not None and self.trunk.is_for(input_ids.device):
            return self.trunk(input_ids, positions_N, lengths_B)
        with self.reading(positions_N, input_ids.shape):
            states = self.backbone(input_ids=input_ids, use_cache=False).last_hidden_state
        return states.flatten(0, 1).index_select(0, positions_N)


def _parts(backbone: Any) -> list[nn.Module]:
    layers = getattr(backbone, "layers", None)
    if not isinstance(layers, nn.ModuleList) or not len(layers):
        return []
    attention, feed_forward = (getattr(layers[-1], name, None) for name in ("self_attn", "mlp"))
    parts = [getattr(attention, name, None) for name in ATTENTION_PARTS]
    if hasattr(feed_forward, DENSE):
        parts.append(feed_forward)
    return [part for part in parts if isinstance(part, nn.Module)]

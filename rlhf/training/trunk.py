"""The layers of a Llama-like model on a CPU: rows without padding, gradients by hand.

What a processor's caches cannot hold is what makes such a model slow, so here
- rows lie one after another, and only attention sees them side by side, padded;
- the last layer is computed at the tokens that are read alone, but for keys and values (as last_layer.py);
- the gradient of a weight is added within its product to what is there already;
- what is quickly made again (normed states, the feed-forward part's product) is not kept.

States and gradients are those of transformers' modules and autograd but for the order of sums. B rows of T
columns, N tokens that are not padding, M of them that ask: all, or in the last layer those that are read.
H hidden units, D of one head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from rlhf.training.elementwise import half_negative, rotated

# Padded tokens of a pass: more than passes.CPU_TOKENS, since half as much is kept of each.
CPU_TOKENS = 704
SAME = 1e-4  # of the largest state: what comes out of transformers and of this may differ so much
PARTS = {
    "": {"input_layernorm", "self_attn", "post_attention_layernorm", "mlp"},
    "self_attn": {"q_proj", "k_proj", "v_proj", "o_proj"},
    "mlp": {"gate_proj", "up_proj", "down_proj", "act_fn"},
}

attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
attention_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
silu_backward = torch.ops.aten.silu_backward


class Trunk:
    def __init__(self, backbone: Any) -> None:
        self.backbone = backbone
        self.layers = [Layer.of(layer) for layer in backbone.layers]
        self.weights = [backbone.embed_tokens.weight]
        self.weights += [weight for layer in self.layers for weight in layer.weights()]

    @classmethod
    def of(cls, backbone: Any) -> Self | None:
        """None where the model does more than is computed here."""
        if not _has_these_parts(backbone):
            return None
        trunk = cls(backbone)
        return trunk if trunk.says_the_same() else None

    def is_for(self, device: torch.device) -> bool:
        """Whether it computes here and now: all of its weights learn, or nothing does."""
        learns = all(weight.requires_grad for weight in self.weights) or not torch.is_grad_enabled()
        return device.type == "cpu" and learns and not torch.is_autocast_enabled("cpu")

    def __call__(self, input_ids: Tensor, positions_M: Tensor, lengths_B: Tensor) -> Tensor:
        """(M, H): the last states at places, each once, of the flattened `input_ids` (B, T), whose rows have
        these lengths and are padded on the right."""
        columns = torch.arange(input_ids.shape[1])
        is_token = (columns < lengths_B[:, None]).flatten()
        places_N = is_token.nonzero()[:, 0]
        embedded = self.backbone.embed_tokens(input_ids.flatten()[places_N])
        cos, sin = self.backbone.rotary_emb(embedded[None], position_ids=columns[None])
        tokens = Tokens.of(input_ids.shape, places_N, cos, sin)
        read = Tokens.of(input_ids.shape, positions_M, cos, sin, is_token.cumsum(0)[positions_M] - 1)
        return self.backbone.norm(_Layers.apply(embedded, tokens, read, self.layers))

    @torch.no_grad()
    def says_the_same(self) -> bool:
        ids = torch.arange(5, 17).view(2, 6) % self.backbone.config.vocab_size
        places = torch.tensor([3, 5, 11])
        theirs = self.backbone(input_ids=ids, use_cache=False).last_hidden_state.flatten(0, 1)[places]
        ours = self(ids, places, torch.tensor([6, 6]))
        return torch.allclose(ours, theirs, rtol=0, atol=SAME * float(theirs.abs().max()))


def _has_these_parts(backbone: Any) -> bool:
    layers, config = getattr(backbone, "layers", None), backbone.config
    if not isinstance(layers, nn.ModuleList) or not len(layers):
        return False
    has_parts = all(hasattr(backbone, name) for name in ("embed_tokens", "rotary_emb", "norm"))
    kinds = set(getattr(config, "layer_types", None) or ())
    sees_all = not getattr(config, "sliding_window", None) and kinds <= {"full_attention"}
    is_fused = config._attn_implementation == "sdpa"
    return has_parts and sees_all and is_fused and all(map(_is_plain, layers))


def _is_plain(layer: Any) -> bool:
    for name, parts in PARTS.items():
        if {part for part, _ in (getattr(layer, name) if name else layer).named_children()} != parts:
            return False
    linear = [part for name, part in layer.named_modules() if name.endswith("_proj")]
    norms = (layer.input_layernorm, layer.post_attention_layernorm)
    return (
        # Their very class: no adapter, and no products of oneDNN's.
        all(type(part) is nn.Linear and part.bias is None for part in linear)
        and all(hasattr(norm, "variance_epsilon") for norm in norms)
        and hasattr(layer.self_attn, "scaling")
        and all(weight.dtype == torch.float32 and weight.is_cpu for weight in layer.parameters())
    )


class Tokens(NamedTuple):
    """Where N or M tokens lie in a padded batch, and by which angles heads are rotated at each."""

    shape: torch.Size  # (B, T)
    places: Tensor  # (M) in the flattened batch
    cos: Tensor  # (M, 1, D)
    sin: Tensor  # (M, 1, D), the first half negative
    among: Tensor | None  # (M): which of the N tokens they are; None: all

    @classmethod
    def of(
        cls, shape: torch.Size, places: Tensor, cos: Tensor, sin: Tensor, among: Tensor | None = None
    ) -> Self:
        columns = places % shape[1]
        return cls(shape, places, cos[0, columns, None], half_negative(sin)[0, columns, None], among)

    def chosen(self, states_NH: Tensor) -> Tensor:
        """(M, H)."""
        return states_NH if self.among is None else states_NH.index_select(0, self.among)

    def put_back(self, gradient_MH: Tensor, num_tokens: int) -> Tensor:
        """(N, H): the gradient of what they were chosen from."""
        if self.among is None:
            return gradient_MH
        return gradient_MH.new_zeros(num_tokens, gradient_MH.shape[1]).index_copy_(0, self.among, gradient_MH)

    def heads(self, states_MH: Tensor, num_heads: int) -> Tensor:
        """(B, heads, T, D) of all heads' states, one after the other; zeros where no token is."""
        padded = states_MH.new_zeros(self.shape.numel(), states_MH.shape[1])
        padded.index_copy_(0, self.places, states_MH)
        return padded.view(*self.shape, num_heads, -1).transpose(1, 2)

    def flat(self, heads: Tensor) -> Tensor:
        """(B, heads, T, D) -> (M, heads D)."""
        return heads.transpose(1, 2).reshape(self.shape.numel(), -1).index_select(0, self.places)

    def rotated(self, states_MH: Tensor, num_heads: int) -> Tensor:
        return rotated(states_MH.view(len(states_MH), num_heads, -1), self.cos, self.sin).flatten(1)

    def rotated_back(self, gradient_MH: Tensor, num_heads: int) -> Tensor:
        """The gradient of what was rotated."""
        gradient = gradient_MH.view(len(gradient_MH), num_heads, -1)
        other = (gradient * self.sin).roll(gradient.shape[-1] // 2, -1)
        return gradient.mul_(self.cos).add_(other).flatten(1)


class Norm(NamedTuple):
    """y = w x / rms(x) (Zhang and Sennrich 2019)."""

    weight: nn.Parameter
    eps: float

    def scale(self, x_NH: Tensor) -> Tensor:
        """(N, 1): 1 / rms(x)."""
        return x_NH.square().mean(-1, keepdim=True).add_(self.eps).rsqrt_()

    def __call__(self, x_NH: Tensor, scale_N1: Tensor) -> Tensor:
        return (x_NH * scale_N1).mul_(self.weight)

    def backward(self, gradient_NH: Tensor, x_NH: Tensor, scale_N1: Tensor, residual_NH: Tensor) -> Tensor:
        """`residual_NH` and x's gradient; writes over the gradient of y. With s = 1 / rms(x), g that of y:
        dw = sum of s g x over tokens, dx = s w g - s^3 x (sum of w g x) / H."""
        both = gradient_NH * x_NH
        along = torch.mv(both, self.weight)[:, None]
        _add(self.weight, torch.mv(both.t(), scale_N1[:, 0]))
        found = torch.addcmul(residual_NH, gradient_NH.mul_(self.weight), scale_N1)
        return found.addcmul_(x_NH, along.mul_(scale_N1**3), value=-1 / x_NH.shape[1])


class Layer(NamedTuple):
    before: Norm
    query: nn.Parameter
    key: nn.Parameter
    value: nn.Parameter
    output: nn.Parameter
    between: Norm
    gate: nn.Parameter
    up: nn.Parameter
    down: nn.Parameter
    num_heads: int
    num_groups: int  # of heads that share keys and values
    scaling: float

    @classmethod
    def of(cls, layer: Any) -> Self:
        attends, feeds = layer.self_attn, layer.mlp
        before, between = layer.input_layernorm, layer.post_attention_layernorm
        return cls(
            before=Norm(before.weight, before.variance_epsilon),
            query=attends.q_proj.weight,
            key=attends.k_proj.weight,
            value=attends.v_proj.weight,
            output=attends.o_proj.weight,
            between=Norm(between.weight, between.variance_epsilon),
            gate=feeds.gate_proj.weight,
            up=feeds.up_proj.weight,
            down=feeds.down_proj.weight,
            num_heads=attends.q_proj.out_features // attends.head_dim,
            num_groups=attends.k_proj.out_features // attends.head_dim,
            scaling=attends.scaling,
        )

    def weights(self) -> list[nn.Parameter]:
        found = [one.weight if isinstance(one, Norm) else one for one in self]
        return [one for one in found if isinstance(one, nn.Parameter)]

    def forward(self, x: Tensor, tokens: Tokens, asking: Tokens) -> tuple[Tensor, tuple[Tensor, ...]]:
        """(states (M, H) of those that ask, what `backward` needs), of states (N, H)."""
        scale = self.before.scale(x)
        normed = self.before(x, scale)
        q = asking.chosen(normed) @ self.query.t()
        q = asking.heads(asking.rotated(q, self.num_heads), self.num_heads)
        k = tokens.heads(tokens.rotated(normed @ self.key.t(), self.num_groups), self.num_groups)
        v = tokens.heads(normed @ self.value.t(), self.num_groups)
        brought, spread = attention(q, self._each(k), self._each(v), 0.0, True, scale=self.scaling)
        y = torch.addmm(asking.chosen(x), asking.flat(brought), self.output.t())
        scale_y = self.between.scale(y)
        normed = self.between(y, scale_y)
        gate, up = normed @ self.gate.t(), normed @ self.up.t()
        z = torch.addmm(y, functional.silu(gate).mul_(up), self.down.t())
        return z, (x, scale, q, k, v, brought, spread, y, scale_y, gate, up)

    def backward(self, dz: Tensor, tokens: Tokens, asking: Tokens, kept: tuple[Tensor, ...]) -> Tensor:
        """The gradient of x; those of the weights are added to what they have."""
        x, scale, q, k, v, brought, spread, y, scale_y, gate, up = kept
        opened, normed = functional.silu(gate), self.between(y, scale_y)
        product = opened * up
        _add_product(self.down, dz, product)
        dproduct = torch.mm(dz, self.down, out=product)
        dup = opened.mul_(dproduct)
        dgate = silu_backward(dproduct.mul_(up), gate)
        _add_product(self.gate, dgate, normed)
        _add_product(self.up, dup, normed)
        dnormed = torch.mm(dgate, self.gate, out=normed).addmm_(dup, self.up)
        dy = self.between.backward(dnormed, y, scale_y, dz)

        _add_product(self.output, dy, asking.flat(brought))
        dbrought = asking.heads(dy @ self.output, self.num_heads)
        dq, dk, dv = attention_backward(
            dbrought, q, self._each(k), self._each(v), brought, spread, 0.0, True, scale=self.scaling
        )
        dq = asking.rotated_back(asking.flat(dq), self.num_heads)
        dk = tokens.rotated_back(tokens.flat(self._shared(dk)), self.num_groups)
        dv = tokens.flat(self._shared(dv))
        normed = self.before(x, scale)
        _add_product(self.query, dq, asking.chosen(normed))
        _add_product(self.key, dk, normed)
        _add_product(self.value, dv, normed)
        dnormed = asking.put_back(dq @ self.query, len(x)).addmm_(dk, self.key).addmm_(dv, self.value)
        return self.before.backward(dnormed, x, scale, asking.put_back(dy, len(x)))

    def _each(self, groups: Tensor) -> Tensor:
        """Keys or values (B, groups, T, D) for each head."""
        repeats = self.num_heads // self.num_groups
        return groups if repeats == 1 else groups.repeat_interleave(repeats, dim=1)

    def _shared(self, heads: Tensor) -> Tensor:
        """The gradient of `_each`."""
        repeats = self.num_heads // self.num_groups
        return heads if repeats == 1 else heads.unflatten(1, (self.num_groups, repeats)).sum(2)


class _Layers(torch.autograd.Function):
    """Gradients of weights do not pass through autograd: `backward` adds them to `grad`."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, tokens: Tokens, read: Tokens, layers: Sequence[Layer]) -> Tensor:
        """(N, H) -> (M, H)."""
        ctx.tokens, ctx.kept = tokens, []
        ctx.layers = [(layer, read if layer is layers[-1] else tokens) for layer in layers]
        for layer, asking in ctx.layers:
            states, kept = layer.forward(states, tokens, asking)
            if ctx.needs_input_grad[0]:
                ctx.kept.append(kept)
        return states

    @staticmethod
    @torch.no_grad()
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        for layer, asking in reversed(ctx.layers):  # what one has kept is free then
            gradient = layer.backward(gradient, ctx.tokens, asking, ctx.kept.pop())
        return gradient, None, None, None


def _add(weight: nn.Parameter, gradient: Tensor) -> None:
    weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)


def _add_product(weight: nn.Parameter, gradient_NO: Tensor, input_NI: Tensor) -> None:
    """(Out, In) += (N, Out) x (N, In)."""
    if weight.grad is None:
        weight.grad = gradient_NO.t() @ input_NI
    else:
        weight.grad.addmm_(gradient_NO.t(), input_NI)

"""What every spec is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ModelRef = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        description="A registry version as `name@number`, a hub name, or a folder this server can read.",
    ),
]


SnapshotRef = Annotated[int, Field(ge=1, description="Id of a frozen snapshot of this project.")]


ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
SplitName = Literal["train", "validation", "test"]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Lora(Spec):
    """Train low-rank adapters instead of every weight (Hu et al. 2021)."""

    r: int = Field(16, ge=1, le=512)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    target_modules: str | list[str] = "all-linear"
    load_in_4bit: bool = Field(
        False, description="Frozen weights in 4 bits (QLoRA, Dettmers et al. 2023); needs a CUDA device."
    )


class Sampling(Spec):
    temperature: float = Field(1.0, gt=0, le=5)
    top_p: float = Field(1.0, gt=0, le=1)
    max_new_tokens: int = Field(64, ge=1, le=32_768)
    batch_size: int = Field(32, ge=1, description="Prompts generated together.")

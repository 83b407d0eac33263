"""What every spec is made of."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

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


class Endpoint(Spec):
    """A server of OpenAI's chat completions that answers for the model: vLLM, SGLang, llama.cpp, a provider.
    Its key, where it wants one, is the operator's (ENDPOINT_KEYS)."""

    url: str = Field(
        pattern=r"^https?://[^\s@?#]+$",
        max_length=500,
        description="With its version, as in http://localhost:8000/v1.",
    )
    model: str = Field(min_length=1, max_length=300, description="What it calls the model.")
    timeout_seconds: float = Field(120.0, gt=0, description="For one reply.")
    retries: int = Field(5, ge=0, le=20)

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str) -> str:
        parts = urlsplit(url)
        try:
            is_complete = bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_complete = False
        if not is_complete:
            raise ValueError("the url must name a host, and a port from 1 to 65535 or none")
        return url


Served = Annotated[
    Endpoint | None,
    Field(description="Where `model` is served already; empty: the worker loads it."),
]

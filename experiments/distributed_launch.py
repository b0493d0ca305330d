"""Starts processes that train together, on this machine alone."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 280
HERE = "127.0.0.1"


def environment(**more: str) -> dict[str, str]:
    """Variables for a child: one thread, no message, and no way out of this machine."""
    only_here = {"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **quiet, **only_here, **more}


def torchrun(ranks: int, *program: str, folder: Path = ROOT) -> str:
    """Run a program as ``torchrun`` does; returns what it printed.

    Raises:
        RuntimeError: If a rank fails; the message holds what it wrote.
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--local-addr", HERE, "--nproc-per-node", str(ranks), *program]
    return wait([start(command, folder, environment())])[0]


def workers(*programs: list[str]) -> list[str]:
    """Run programs at the same time; the last two are TensorFlow's workers.

    Raises:
        RuntimeError: If one fails; the message holds what it wrote.
    """
    ports = free_ports(2)
    cluster = {"worker": [f"{HERE}:{port}" for port in ports]}
    running = []
    for index, program in enumerate(programs, 2 - len(programs)):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        given = {"TF_CONFIG": json.dumps(task)} if index >= 0 else {}
        running.append(start([sys.executable, *program], ROOT, environment(**given)))
    return wait(running)


def start(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    """Start one process."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=variables, stdout=pipe, stderr=pipe, text=True)


def wait(running: list[subprocess.Popen[str]]) -> list[str]:
    """What each of them printed, once all have ended."""
    try:
        said = [process.communicate(timeout=LIMIT_SECONDS) for process in running]
    finally:
        for process in running:
            process.terminate()  # torchrun then ends its ranks
    for process, (_, complaint) in zip(running, said, strict=True):
        if process.returncode:
            raise RuntimeError(complaint[-4000:])
    return [printed for printed, _ in said]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind((HERE, 0))
    ports: list[Any] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports

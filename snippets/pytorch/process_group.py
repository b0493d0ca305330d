"""One program for one process and for many: the group that ``torchrun`` started."""

import contextlib
import os
from collections.abc import Iterator

import torch.distributed as dist


# --8<-- [start:group]
@contextlib.contextmanager
def process_group(backend: str = "gloo") -> Iterator[tuple[int, int]]:
    """Join the processes that ``torchrun`` started; run plainly, be a group of one.

    Args:
        backend: What carries the numbers: "gloo" between CPUs, "nccl" between
            GPUs. Default "gloo".

    Returns:
        A context with this process's rank, from 0, and the number of ranks.

    Raises:
        ValueError: If this PyTorch has no such backend.

    Source:
        Li et al., PyTorch Distributed, arXiv:2006.15704, section 3.3.
    """
    if not dist.is_backend_available(backend):
        raise ValueError(f"backend must be one like 'gloo', got {backend!r}")
    if "RANK" in os.environ:  # torchrun tells where the others are
        dist.init_process_group(backend)
    else:
        alone = dist.HashStore()  # type: ignore[attr-defined]
        dist.init_process_group(backend, store=alone, rank=0, world_size=1)
    try:
        yield dist.get_rank(), dist.get_world_size()
    finally:
        dist.destroy_process_group()
        # --8<-- [end:group]

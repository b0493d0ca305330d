"""Data parallel training: each process has all weights and some of the rows."""

from collections.abc import Callable, Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


def train(
    model: nn.Module,
    features: Tensor,
    labels: Tensor,
    make_optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
    penalty: Callable[[nn.Module], Tensor],
    *,
    epochs: int = 100,
) -> list[float]:
    """Take the steps that one process would take with all rows.

    Of n rows, rank r of R takes every R-th. ``DistributedDataParallel`` averages
    the gradients of

        loss_r = R / n * sum of the losses of r's rows + penalty

    over the ranks: the gradient of the mean loss over all rows, and the penalty's,
    counted once, even if R does not divide n.

    Args:
        model: From (n, features) to logits (n, classes); the same on all ranks.
        features: All rows, shape (n, features).
        labels: Class numbers, shape (n,), int64.
        make_optimizer: Makes an optimizer of the parameters.
        penalty: Maps the model to a scalar, the same on all ranks.
        epochs: Number of updates. Default 100.

    Returns:
        The mean loss over all rows plus the penalty, before each update.

    Raises:
        ValueError: If there are fewer rows than ranks, or ``epochs`` is below 1.

    Source:
        Li et al., PyTorch Distributed, arXiv:2006.15704, section 3.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    rank, ranks, n = dist.get_rank(), dist.get_world_size(), len(labels)
    if n < ranks:
        raise ValueError(f"there must be a row for each of {ranks} ranks, got {n}")
    x, y = features[rank::ranks], labels[rank::ranks]
    parallel = DistributedDataParallel(model)
    optimizer = make_optimizer(model.parameters())
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total = nn.functional.cross_entropy(parallel(x), y, reduction="sum")
        loss = ranks / n * total + penalty(model)
        loss.backward()  # and the average over ranks
        optimizer.step()
        dist.all_reduce(mean := loss.detach())
        losses.append(mean.item() / ranks)
    return losses

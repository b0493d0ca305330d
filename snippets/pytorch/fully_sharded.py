"""Fully sharded training (FSDP2), with penalties that are sums over all shards."""

from collections.abc import Callable, Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor


def shard(model: nn.Module) -> None:
    """Leave each rank its rows of every parameter, layer by layer.

    Args:
        model: The same on all ranks; its parameters become ``DTensor``, so make the
            optimizer afterwards.

    Raises:
        ValueError: If the model has no parameters.
    """
    device = {p.device.type for p in model.parameters()}
    if not device:
        raise ValueError(f"model must have parameters, got {model!r}")
    mesh = init_device_mesh(device.pop(), (dist.get_world_size(),))
    for layer in model.children():
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)


def whole(value: Tensor) -> Tensor:
    """The value over all shards, on every rank, with the gradient of each shard.

    Args:
        value: What was computed of sharded parameters; a plain tensor is whole.

    Returns:
        A plain tensor.
    """
    return value.full_tensor() if isinstance(value, DTensor) else value


def train(
    model: nn.Module,
    features: Tensor,
    labels: Tensor,
    make_optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
    penalty: Callable[[nn.Module], Tensor],
    *,
    epochs: int = 100,
) -> list[float]:
    """Take the steps that one process would take with all rows and all weights.

    Of n rows, rank r of R takes every R-th; FSDP2 averages the gradients of
    R / n * sum of the losses of r's rows. The penalty acts on the shards directly.

    Args:
        model: From (n, features) to logits (n, classes), sharded with ``shard``.
        features: All rows, shape (n, features).
        labels: Class numbers, shape (n,), int64.
        make_optimizer: Makes an optimizer of the sharded parameters.
        penalty: Maps the model to a scalar.
        epochs: Number of updates. Default 100.

    Returns:
        The mean loss over all rows plus the penalty, before each update.

    Raises:
        ValueError: If there are fewer rows than ranks, or ``epochs`` is below 1.

    Source:
        Zhao et al., PyTorch FSDP, arXiv:2304.11277, section 3.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs!r}")
    rank, ranks, n = dist.get_rank(), dist.get_world_size(), len(labels)
    if n < ranks:
        raise ValueError(f"there must be a row for each of {ranks} ranks, got {n}")
    x, y = features[rank::ranks], labels[rank::ranks]
    optimizer = make_optimizer(model.parameters())
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        # before the forward pass, after which some layers may be no shards
        extra = whole(penalty(model))
        total = nn.functional.cross_entropy(model(x), y, reduction="sum")
        loss = ranks / n * total + extra
        loss.backward()
        optimizer.step()
        dist.all_reduce(mean := loss.detach())
        losses.append(mean.item() / ranks)
    return losses

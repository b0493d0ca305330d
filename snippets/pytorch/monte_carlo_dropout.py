"""Monte Carlo dropout: go on dropping, and average the answers."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def monte_carlo_dropout(
    model: nn.Module, features: Tensor, *, samples: int = 100
) -> tuple[Tensor, Tensor]:
    r"""Return mean and spread of the class probabilities over masks.

    .. math::
        \bar p(c \mid x) = \frac{1}{S} \sum_{s=1}^{S} \mathrm{softmax}(z_s)_c

    z_s are the logits with mask s. Only ``nn.Dropout`` modules drop; batch
    normalization and all others stay in eval mode. Every module is left in the
    mode it was in.

    Args:
        model: From features to logits, classes in the last dimension.
        features: What the model takes.
        samples: Number of masks S, at least 1. Default 100.

    Returns:
        Mean and standard deviation, both in the shape of the logits.

    Raises:
        ValueError: If ``samples`` is below 1, or no module is ``nn.Dropout``.

    Source:
        Gal and Ghahramani (2016), "Dropout as a Bayesian Approximation",
        section 4.
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples!r}")
    modes = [(module, module.training) for module in model.modules()]
    dropouts = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    if not dropouts:
        raise ValueError(f"model must contain nn.Dropout, got {model!r}")
    try:
        model.eval()
        for dropout in dropouts:
            dropout.train()
        answers = [model(features).softmax(-1) for _ in range(samples)]
    finally:
        for module, training in modes:
            module.training = training
    probabilities = torch.stack(answers)  # (samples, n, classes)
    return probabilities.mean(0), probabilities.std(0, correction=0)

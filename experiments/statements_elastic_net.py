"""Sentences about the elastic net's ratio: what half and half is, and what it is not."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet

from experiments.experiment import Claim, Experiment


@dataclass(frozen=True)
class Facts:
    """Two parametrizations, and a name that is taken for a strength."""

    small: float
    large: float
    l1_share_small: float
    l1_share_large: float
    """Share of L1 in the penalty's slope at a ratio of one half."""
    alpha: float
    ratio: float
    by_formula: float
    """Where strength times (ratio of L1 and rest of L2) has its minimum, beside a mean loss."""
    by_sklearn: float
    tiny_ratio: float
    features: int
    kept_tiny: int
    kept_l1: int


def measure(l2_power: float = 2.0, ratio: float = 0.5, tiny_ratio: float = 1e-4) -> Facts:
    """Compute slopes, one fit with one feature, and two fits on the diabetes data.

    Args:
        l2_power: Exponent of the second part; 1 makes both parts L1.
        ratio: Share of L1, for the formula and for scikit-learn.
        tiny_ratio: A number given as ``l1_ratio`` by someone who means a strength.
    """
    small, large, alpha = 0.01, 10.0, 1.0
    shares = []
    for w in (small, large):
        slopes = 0.5, 0.5 * l2_power * w ** (l2_power - 1)
        shares.append(slopes[0] / sum(slopes))
    # One standardized feature, free weight 2: the mean squared error is (w - 2)^2.
    feature, targets = np.array([[-1.0], [1.0]]), np.array([-2.0, 2.0])
    by_formula = (2 - alpha * ratio / 2) / (1 + alpha * (1 - ratio))
    by_sklearn = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-12).fit(feature, targets).coef_[0]
    data, disease = load_diabetes(return_X_y=True)
    data = (data - data.mean(0)) / data.std(0)
    kept = [
        int((ElasticNet(alpha=5.0, l1_ratio=r).fit(data, disease).coef_ != 0).sum())
        for r in (tiny_ratio, 1.0)
    ]
    return Facts(
        small=small,
        large=large,
        l1_share_small=shares[0],
        l1_share_large=shares[1],
        alpha=alpha,
        ratio=ratio,
        by_formula=by_formula,
        by_sklearn=float(by_sklearn),
        tiny_ratio=tiny_ratio,
        features=data.shape[1],
        kept_tiny=kept[0],
        kept_l1=kept[1],
    )


EXPERIMENT = Experiment(
    question="What do the ratio and the strength of an elastic net mean?",
    measure=measure,
    claims=(
        Claim(
            id="half_is_no_half",
            sentence=lambda f: (
                "With a ratio of one half, the pull on a weight is not half L1 and half L2: at "
                f"{f.small:g} it is {f.l1_share_small:.0%} L1, at {f.large:g} "
                f"{f.l1_share_large:.0%}."
            ),
            check=lambda f: f.l1_share_small > 0.9 and f.l1_share_large < 0.1,
            without={"l2_power": 1.0},
        ),
        Claim(
            id="another_half_in_sklearn",
            sentence=lambda f: (
                f"A strength of {f.alpha:g} and a ratio of {f.ratio:g}: the formula without "
                f"halves has its minimum at a weight of {f.by_formula:.3f}, "
                f"`ElasticNet(alpha={f.alpha:g}, l1_ratio={f.ratio:g})` ends at "
                f"{f.by_sklearn:.3f}; without penalty it is 2."
            ),
            check=lambda f: abs(f.by_formula - f.by_sklearn) > 0.05,
            without={"ratio": 1e-9},
        ),
        Claim(
            id="ratio_is_no_strength",
            sentence=lambda f: (
                f"`l1_ratio={f.tiny_ratio:g}` is not a weak L1 penalty but nearly pure L2: on the "
                f"diabetes data it keeps {f.kept_tiny} of {f.features} features, `l1_ratio=1` at "
                f"the same `alpha` {f.kept_l1}."
            ),
            check=lambda f: f.kept_tiny == f.features > f.kept_l1,
            without={"tiny_ratio": 1.0},
        ),
    ),
)

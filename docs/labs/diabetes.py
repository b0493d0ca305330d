# ---
# title: "Diabetes: lasso, ridge or elastic net"
# description: >-
#   A lab on real data. Paths, cross-validated strengths, nested cross-validation and resampling for
#   lasso, ridge and elastic net in scikit-learn: what they gain, and which features stay.
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Diabetes: lasso, ridge or elastic net
#
# **442 patients, ten measurements of each, and how far the disease got in a year. Which penalty
# predicts best, how strong should it be, and which measurements would stay if the patients were
# others?**
#
# You follow the weights along the strength, choose the strength by cross-validation, ask how much
# of that choice is luck, and judge the three penalties by nested cross-validation: with many
# patients and with few. The last cell states what was found and stops with an error if it is not
# so.
#
# What you need: NumPy, scikit-learn (its diabetes data are part of the package, nothing is
# downloaded) and Matplotlib.

# %%
# %matplotlib inline
# %config InlineBackend.figure_formats = ["svg"]
# %config InlineBackend.print_figure_kwargs = {"metadata": {"Date": None}}
import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, enet_path, lasso_path
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# %% [markdown]
# Colors for every picture below: one for each method.

# %%
COLOURS = {"ridge": "#0072b2", "lasso": "#d15400", "elastic net": "#b05a9e"}
GREY = "#7b8794"  # readable on a light and on a dark page
plt.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "diabetes",
        "font.size": 12,
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.labelcolor": GREY,
        "axes.titlecolor": GREY,
        "text.color": GREY,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "legend.frameon": False,
    }
)

# %% [markdown]
# ## The data
#
# Age, sex, body mass index, blood pressure, and six values of the blood serum, which the data call
# s1 to s6. The target is a score of how far the disease got; it has no unit that we know of, so
# this lab says *points*.

# %%
data = load_diabetes(scaled=False)
patients, score, names = data.data, data.target, data.feature_names
correlation = np.corrcoef(patients.T)
s1_s2 = correlation[names.index("s1"), names.index("s2")]

print("The last column is the correlation with the score.")
print(f"{'':5}{'mean':>8}{'std':>8}  correlation")
for j, name in enumerate(names):
    column = patients[:, j]
    print(
        f"{name:5}{column.mean():>8.1f}{column.std():>8.2f}  "
        f"{np.corrcoef(column, score)[0, 1]:+.2f}"
    )
print(f"score{score.mean():>8.1f}{score.std():>8.2f}")
print(f"\nMost alike are s1 and s2: correlation {s1_s2:.2f}")

# %% [markdown]
# ## Three penalties on one scale
#
# [Ridge](../weight-penalties/l2.md), [lasso](../weight-penalties/l1.md) and [elastic
# net](../weight-penalties/elastic-net.md) all minimize the mean squared error plus a penalty.
# Features **and target** are standardized before, always with the mean and standard deviation of
# the rows that are fitted. So no unit decides anything, and the strengths can be compared.
#
# | method | penalty | in scikit-learn |
# |---|---|---|
# | ridge | $\lambda \sum w^2$ | `Ridge(alpha=rows * λ)` |
# | lasso | $\lambda \sum \lvert w \rvert$ | `Lasso(alpha=λ / 2)` |
# | elastic net | $\lambda \sum (\lvert w \rvert + w^2 / 2)$ | `ElasticNet(alpha=λ, l1_ratio=0.5)` |
#
# You need the weights for many strengths at once: the **path**. For the lasso and the elastic net
# scikit-learn has a function for it, which starts each fit from the one before. Ridge has a closed
# form: with the singular values $s$ of the features and $n$ rows, each direction is shrunk by the
# factor $s^2 / (s^2 + n \lambda)$.

# %%
STRENGTHS = 2.0 ** np.arange(1, -13.5, -0.5)  # from strong to weak

Array = np.ndarray


def path(method: str, x: Array, y: Array, strengths: Array) -> Array:
    """Weights of standardized features and target: (features, strengths)."""
    if method == "ridge":
        u, s, vt = np.linalg.svd(x, full_matrices=False)
        shrunk = s / (s**2 + len(y) * strengths[:, None])  # (strengths, features)
        return vt.T @ (shrunk * (u.T @ y)).T
    if method == "lasso":
        return lasso_path(x, y, alphas=strengths / 2, max_iter=100_000)[1]
    return enet_path(x, y, l1_ratio=0.5, alphas=strengths, max_iter=100_000)[1]


def standardized(x: Array, y: Array, x_new: Array) -> tuple[Array, Array, Array]:
    """All by the mean and standard deviation of ``x`` and ``y``."""
    mean, std = x.mean(axis=0), x.std(axis=0)
    return (x - mean) / std, (y - y.mean()) / y.std(), (x_new - mean) / std


def squared_errors(
    method: str, x: Array, y: Array, x_new: Array, y_new: Array, strengths: Array
) -> Array:
    """Mean squared error on new rows, in points squared, for each strength."""
    z, target, z_new = standardized(x, y, x_new)
    predicted = y.mean() + y.std() * (z_new @ path(method, z, target, strengths))
    return ((predicted - y_new[:, None]) ** 2).mean(axis=0)


# %% [markdown]
# ## The paths
#
# From right to left the strength falls, and the weights grow. Look at how many are zero on the way,
# and at s1, which is not what it seems.

# %%
z, target, _ = standardized(patients, score, patients)
paths = {method: path(method, z, target, STRENGTHS) for method in COLOURS}
LIFTED = {
    "bmi": 0.05,
    "s5": 0.03,
    "bp": -0.04,
    "s1": 0.0,
    "s2": -0.02,
}  # the features with a name in the picture; names must not touch

figure, axes = plt.subplots(3, 1, figsize=(6.0, 8.0), sharex=True, sharey=True)
for axis, (method, weights) in zip(axes, paths.items(), strict=True):
    for name, along in zip(names, weights, strict=True):
        colour, width = (COLOURS[method], 2) if name in LIFTED else (GREY, 1)
        axis.plot(STRENGTHS, along, color=colour, linewidth=width)
        if name in LIFTED:
            at = STRENGTHS[-1] * 0.85, along[-1] + LIFTED[name]
            axis.text(*at, name, color=colour, ha="right", va="center")
    axis.axhline(0, color=GREY, linewidth=0.8)
    axis.set(ylabel="weight", xscale="log", title=method, xlim=(4e-5, 2.5))
axes[-1].set_xlabel("strength λ")
plt.show()

for method, weights in paths.items():
    zeros = (weights == 0).sum(axis=0)
    s1 = weights[names.index("s1")]
    places = [
        int(np.argmin(abs(STRENGTHS - value))) for value in (1 / 2, 1 / 8, 1 / 64)
    ]
    print(
        f"{method}: "
        + ", ".join(
            f"{zeros[k]} of {len(names)} zero at λ = {STRENGTHS[k]:.3g}"
            for k in places
        )
        + f"; the weight of s1 ends at {s1[-1]:+.2f}."
    )

# %% [markdown]
# Alone, s1 goes *up* with the score (the table above); among the others its weight is negative. s1
# and s2 say nearly the same, and with a weak penalty they get large weights of opposite signs that
# almost cancel. What a weight means depends on its company.
#
# ## How strong?
#
# **Cross-validation** with five folds: each row is predicted once, by a model that did not see it.
# The strength with the lowest error wins.

# %%
FOLDS = 5


def cross_validated(method: str, x: Array, y: Array, seed: int) -> Array:
    """Cross-validated squared error for each strength, in points squared."""
    folds = KFold(FOLDS, shuffle=True, random_state=seed).split(x)
    return np.mean(
        [
            squared_errors(method, x[a], y[a], x[b], y[b], STRENGTHS)
            for a, b in folds
        ],
        axis=0,
    )


curves = {
    method: np.sqrt(cross_validated(method, patients, score, seed=0))
    for method in COLOURS
}

figure, axis = plt.subplots(figsize=(6.0, 3.8))
for method, curve in curves.items():
    best = int(curve.argmin())
    axis.plot(STRENGTHS, curve, color=COLOURS[method], linewidth=2, label=method)
    axis.plot(STRENGTHS[best], curve[best], "o", color=COLOURS[method])
axis.set(
    xscale="log",
    ylim=(54, 64),
    xlabel="strength λ",
    ylabel="cross-validated error (points)",
)
axis.legend(loc="upper left")
plt.show()

for method, curve in curves.items():
    print(
        f"{method}: lowest error {curve.min():.2f} points at λ = {STRENGTHS[curve.argmin()]:.4f}; "
        f"at the weakest λ {curve[-1]:.2f}, at the strongest {curve[0]:.2f}."
    )

# %% [markdown]
# Is the loop right? scikit-learn's own cross-validation, with scalers for features and target
# inside each fold, should give the same errors. (Ridge is left out of this check: its `alpha`
# counts rows, and the folds are not all of one size.)

# %%
apart = 0.0
for method, factor, l1_ratio in (("lasso", 0.5, 1.0), ("elastic net", 1.0, 0.5)):
    best = STRENGTHS[curves[method].argmin()]
    model = TransformedTargetRegressor(
        make_pipeline(
            StandardScaler(), ElasticNet(alpha=factor * best, l1_ratio=l1_ratio)
        ),
        transformer=StandardScaler(),
    )
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    minus = cross_val_score(
        model, patients, score, cv=folds, scoring="neg_mean_squared_error"
    )
    theirs = np.sqrt(-minus.mean())
    apart = max(apart, abs(theirs - curves[method].min()))
    print(
        f"{method}: {curves[method].min():.3f} by the loop, {theirs:.3f} by scikit-learn"
    )

# %% [markdown]
# ### How much of the choice is luck?
#
# The curves are flat at the left. Shuffle the rows before they are cut into folds, twenty times,
# and see which strength wins. A circle's area is the number of shuffles that chose this strength.

# %%
SHUFFLES = range(20)
chosen = {
    method: np.array(
        [
            STRENGTHS[cross_validated(method, patients, score, seed).argmin()]
            for seed in SHUFFLES
        ]
    )
    for method in COLOURS
}

figure, axis = plt.subplots(figsize=(6.0, 2.4))
for row, (method, found) in enumerate(chosen.items()):
    values, counts = np.unique(found, return_counts=True)
    axis.scatter(
        values,
        [row] * len(values),
        s=30 * counts,
        color=COLOURS[method],
        alpha=0.7,
        linewidth=0,
    )
axis.set(
    xscale="log", xlabel="strength λ chosen by cross-validation", ylim=(2.5, -0.5)
)
axis.set_yticks(range(len(chosen)), list(chosen))
plt.show()

for method, found in chosen.items():
    print(
        f"{method}: {len(np.unique(found))} different strengths in {len(SHUFFLES)} shuffles, from "
        f"{found.min():.4f} to {found.max():.4f}, a factor of {found.max() / found.min():.0f}."
    )

# %% [markdown]
# One cross-validation gives one strength, to four digits, and the next gives another; some take the
# weakest of the grid, which is hardly a penalty. On a flat curve the choice is of no consequence
# for the error. It is for the selection: a weak lasso keeps nearly everything, a stronger one does
# not. A sturdier rule is on the page about [choosing the
# strength](../weight-penalties/choosing-lambda.md).
#
# ## Which penalty? Nested cross-validation
#
# The lowest point of a curve was *chosen* for being low, so it is no fair estimate of the error on
# new patients. **Nested** cross-validation is: an outer fold is set aside; on the other rows an
# inner cross-validation chooses the strength; only then is the outer fold predicted. So all that
# was learned, the strength included, was learned without these patients.
#
# Repeat it ten times with other folds, and compare each repetition with least squares (no penalty)
# on the same folds. And do it twice: with all rows that are not set aside, and with only 40 of
# them.

# %%
REPEATS = 10
FEW = 40
METHODS = ["least squares", *COLOURS]


def nested(few: bool) -> tuple[dict[str, Array], dict[str, Array]]:
    """Error on the outer folds, and the lowest inner error: one value a repetition, in points."""
    outside = {method: np.zeros(REPEATS) for method in METHODS}
    lowest = {method: np.zeros(REPEATS) for method in COLOURS}
    for repeat in range(REPEATS):
        generator = np.random.default_rng(repeat)
        for rows, left in KFold(FOLDS, shuffle=True, random_state=repeat).split(
            patients
        ):
            fitted = generator.permutation(rows)[:FEW] if few else rows
            x, y, x_new, y_new = (
                patients[fitted],
                score[fitted],
                patients[left],
                score[left],
            )
            error = squared_errors("ridge", x, y, x_new, y_new, np.array([0.0]))[0]
            outside["least squares"][repeat] += error / FOLDS
            for method in COLOURS:
                inner = cross_validated(method, x, y, seed=repeat)
                best = STRENGTHS[[inner.argmin()]]
                error = squared_errors(method, x, y, x_new, y_new, best)[0]
                outside[method][repeat] += error / FOLDS
                lowest[method][repeat] += inner.min() / FOLDS
    return (
        {method: np.sqrt(errors) for method, errors in outside.items()},
        {method: np.sqrt(errors) for method, errors in lowest.items()},
    )


many, many_inner = nested(few=False)
few, few_inner = nested(few=True)
rows_used = len(score) * (FOLDS - 1) // FOLDS

figure, axes = plt.subplots(2, 1, figsize=(6.0, 4.6))
for axis, errors, rows in ((axes[0], many, rows_used), (axes[1], few, FEW)):
    for row, method in enumerate(COLOURS):
        change = errors[method] - errors["least squares"]
        colour = COLOURS[method]
        axis.plot(change, [row] * REPEATS, "o", color=colour, alpha=0.6)
        axis.plot(
            change.mean(), row, "|", color=colour, markersize=22, markeredgewidth=3
        )
    axis.axvline(0, color=GREY, linewidth=1)
    axis.set_yticks(range(len(COLOURS)), list(COLOURS))
    axis.set_ylim(2.5, -0.5)
    axis.set_title(f"fitted to {rows} patients")
axes[1].set_xlabel("error minus that of least squares (points)")
plt.show()

for errors, rows in ((many, rows_used), (few, FEW)):
    squares = errors["least squares"]
    print(
        f"{rows} patients: least squares {squares.mean():.1f} ± {squares.std(ddof=1):.1f} points."
    )
    for method in COLOURS:
        change = errors[method] - squares
        print(
            f"{method}: {change.mean():+.2f} ± {change.std(ddof=1):.2f}, lower in "
            f"{(change < 0).sum()} of {REPEATS} repetitions."
        )
print(f"Always predicting the mean: about {score.std():.0f} points.")

# %% [markdown]
# Read the two scales. Ten weights from 350 patients need no penalty: nothing is gained, and
# choosing the strength even costs a little. Ten weights from 40 patients do.
#
# ## Which measurements stay?
#
# Take a random half of the patients, choose the strength by cross-validation *on this half*, fit
# the lasso, and note what it keeps. Two hundred times. The same for the elastic net.

# %%
HALVES = 200


def kept_on_halves(method: str) -> tuple[Array, Array]:
    """Which features are kept on each half, (HALVES, features), and their weights."""
    weights = []
    for seed in range(HALVES):
        half = np.random.default_rng(seed).permutation(len(score))[
            : len(score) // 2
        ]
        best = cross_validated(method, patients[half], score[half], seed).argmin()
        x, y, _ = standardized(patients[half], score[half], patients)
        weights.append(path(method, x, y, STRENGTHS[: best + 1])[:, -1])
    return np.array(weights) != 0, np.array(weights)


kept, kept_weights = kept_on_halves("lasso")
kept_elastic, _ = kept_on_halves("elastic net")
share, share_elastic = kept.mean(axis=0), kept_elastic.mean(axis=0)
order = np.argsort(-share, kind="stable")

figure, axis = plt.subplots(figsize=(6.0, 3.6))
place = np.arange(len(names))
axis.bar(place - 0.2, share[order], 0.38, color=COLOURS["lasso"], label="lasso")
axis.bar(
    place + 0.2,
    share_elastic[order],
    0.38,
    color=COLOURS["elastic net"],
    label="elastic net",
)
axis.set_xticks(place, [names[j] for j in order])
axis.set(
    ylabel="share of halves that keep it", xlabel="measurement", ylim=(0, 1.02)
)
figure.legend(loc="outside upper center", ncols=2)
plt.show()

for title, shares in (("lasso", share), ("elastic net", share_elastic)):
    print(
        f"{title} keeps "
        + ", ".join(f"{names[j]} in {shares[j]:.0%}" for j in order)
        + "."
    )

# %% [markdown]
# A share is not a truth: a measurement that is always kept predicts well *in these patients*,
# beside these other nine. And look at whole selections instead of single measurements:

# %%
selections, times = np.unique(kept, axis=0, return_counts=True)
s1, s2 = names.index("s1"), names.index("s2")
one_of_two = (kept[:, s1] | kept[:, s2]).mean()
always = [names[j] for j in order if share[j] == 1]

print(
    f"{len(selections)} different selections in {HALVES} halves. The most frequent:"
)
for number in np.argsort(-times, kind="stable")[:3]:
    print(
        f"{times[number]:>4} times: {', '.join(np.array(names)[selections[number]])}"
    )
print(
    f"\ns1 is kept in {share[s1]:.0%}, s2 in {share[s2]:.0%}, one of them in {one_of_two:.0%}."
)

# %% [markdown]
# ## What we found
#
# Each sentence carries the numbers of this run and a check on them. If one does not hold, the lab
# stops with an error.

# %%
change_many = [float((many[m] - many["least squares"]).mean()) for m in COLOURS]
gains_few = {m: few["least squares"] - few[m] for m in COLOURS}
wins = sum(int((gain > 0).sum()) for gain in gains_few.values())
gain_means = [float(gain.mean()) for gain in gains_few.values()]
between_methods = max(gain_means) - min(gain_means)
ratio = {m: found.max() / found.min() for m, found in chosen.items()}
spread_curve = max(
    float(curve[STRENGTHS <= 2**-7].max() - curve.min())
    for curve in curves.values()
)

conclusions = [
    (
        f"The loop is right: scikit-learn's cross-validation gives the same errors, to "
        f"{apart:.0e} points.",
        apart < 0.01,
    ),
    (
        f"Only where there is an L1 part are weights exactly zero; ridge has "
        f"{(paths['ridge'] == 0).sum()} zeros on its whole path.",
        not (paths["ridge"] == 0).any()
        and all((paths[m][:, :6] == 0).any() for m in ("lasso", "elastic net")),
    ),
    (
        f"The chosen strength is luck over a wide range: by the shuffle alone it differs "
        f"{min(ratio.values()):.0f}-fold to {max(ratio.values()):.0f}-fold, because the error is "
        f"within {spread_curve:.1f} points of its lowest for all small strengths.",
        min(ratio.values()) >= 8 and spread_curve < 1,
    ),
    (
        f"With {rows_used} patients no penalty beats least squares: {min(change_many):+.2f} to "
        f"{max(change_many):+.2f} points, of {many['least squares'].mean():.0f}.",
        max(map(abs, change_many)) < 0.5,
    ),
    (
        f"With {FEW} they do, by {min(gain_means):.1f} to {max(gain_means):.1f} points on average, "
        f"in {wins} of {3 * REPEATS} comparisons. Among themselves they differ by "
        f"{between_methods:.1f}.",
        min(gain_means) > 2
        and wins >= 27
        and between_methods < min(gain_means) / 2,
    ),
    (
        f"{', '.join(always)} are kept by the lasso on every half; the whole selection is not "
        f"stable: {len(selections)} different ones in {HALVES} halves, the most frequent in "
        f"{times.max() / HALVES:.0%}.",
        {"bmi", "s5"} <= set(always)
        and len(selections) > 10
        and times.max() < HALVES / 2,
    ),
    (
        f"Neither of s1 and s2 (correlation {s1_s2:.2f}) is safe: kept in {share[s1]:.0%} and "
        f"{share[s2]:.0%} of the halves, one of the two in {one_of_two:.0%}.",
        max(share[s1], share[s2]) < 0.9
        and one_of_two > max(share[s1], share[s2]) + 0.05,
    ),
]
for number, (sentence, holds) in enumerate(conclusions, 1):
    print(f"{number}. {'Holds' if holds else 'DOES NOT HOLD'}: {sentence}\n")

broken = [number for number, (_, holds) in enumerate(conclusions, 1) if not holds]
assert not broken, f"this run does not bear out these conclusions: {broken}"

# %% [markdown]
# So the question "lasso, ridge or elastic net?" matters little for the error here, and the question
# "how many patients for each weight?" matters much. Choose among the three by what you need: few
# measurements to take, or shares that do not jump.
#
# ## Now try
#
# 1. **More features.** Add all products of two measurements (`PolynomialFeatures(2,
#    include_bias=False)`), 65 columns instead of ten. Does a penalty beat least squares with all
#    patients now?
# 2. **Other numbers of patients.** Set `FEW` to 20, 80 and 160. Where does the gain end?
# 3. **The units decide.** In `standardized`, leave the columns unscaled (`std = 1`). Which
#    measurements does the lasso keep?
# 4. **Not nested.** Compare `many_inner` with `many`, and `few_inner` with `few`. How much too good
#    is the lowest point of the curve, and why is it not much?
# 5. **A sturdier strength.** Take the strongest penalty whose error is within one standard error of
#    the lowest. How many different selections are left?

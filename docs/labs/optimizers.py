# ---
# title: "Optimizers: five rules, three schedules, tuned alike"
# description: >-
#   A lab on real data. Five optimizers and three learning-rate schedules in PyTorch, each with a
#   grid of its own and the same number of trials and steps: what is left of the ranking?
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
# # Optimizers: five rules, three schedules, tuned alike
#
# **SGD, momentum, RMSprop, Adam, AdamW; a constant learning rate, cosine or one-cycle. Which is
# best, if each of them gets the same chance?**
#
# You first compare the five the way that many comparisons do, and get a clear winner, whichever you
# want. Then each gets its own learning rates, the same number of trials and the same number of
# steps, and is judged on pictures and starts that had no say in the choice. The last cell states
# what was found and stops with an error if it is not so.
#
# What you need: NumPy, scikit-learn (its digits are part of the package, nothing is downloaded),
# PyTorch and Matplotlib. No graphics card is needed.

# %%
# %matplotlib inline
# %config InlineBackend.figure_formats = ["svg"]
# %config InlineBackend.print_figure_kwargs = {"metadata": {"Date": None}}
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits

torch.set_num_threads(1)  # the matrices are too small to share out

# %% [markdown]
# Colors and lines for every picture below: one of each for each optimizer.

# %%
STYLES = {
    "SGD": ("#7b8794", "-"),
    "momentum": ("#0072b2", "--"),
    "RMSprop": ("#c9405a", "-."),
    "Adam": ("#00805d", "-"),
    "AdamW": ("#9a6b00", ":"),
}
GREY = "#7b8794"  # readable on a light and on a dark page
plt.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "optimizers",
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
# ## The data, cut in three
#
# Each picture is 8 by 8 pixels. A **seed** decides how the pictures are cut:
#
# - **Training:** the optimizer sees these.
# - **Validation:** these choose the learning rate.
# - **Test:** these are looked at once, when all is chosen. Choose and judge on the same
#   pictures, and you pay yourself a compliment; the more you try, the larger it is.
#
# And there are two groups of seeds: five to choose with, ten others to judge with.

# %%
TRAIN, VALIDATION = 500, 400
CHOOSE, JUDGE = range(5), range(100, 110)

pixels, digits = load_digits(return_X_y=True)  # (1797, 64) and (1797,)

Part = tuple[
    torch.Tensor, torch.Tensor
]  # (seeds, pictures, 64) and (seeds, pictures)


def splits(seeds: range) -> dict[str, Part]:
    """The three parts of each seed's split, all seeds in one tensor."""
    orders = [
        np.random.default_rng(seed).permutation(len(digits)) for seed in seeds
    ]
    x = torch.tensor(
        np.stack([pixels[o] / 16 for o in orders]), dtype=torch.float32
    )
    y = torch.tensor(np.stack([digits[o] for o in orders]))
    x = x - x[:, :TRAIN].mean(dim=1, keepdim=True)  # the training pictures' mean
    ends = {"train": (0, TRAIN), "validation": (TRAIN, TRAIN + VALIDATION)}
    ends["test"] = (TRAIN + VALIDATION, len(digits))
    return {part: (x[:, a:b], y[:, a:b]) for part, (a, b) in ends.items()}


to_choose, to_judge = splits(CHOOSE), splits(JUDGE)
print(
    {part: y.shape[1] for part, (_, y) in to_judge.items()},
    "pictures for each seed",
)

# %% [markdown]
# ## Many networks at once
#
# The network has one hidden layer of ReLU units. To compare fairly you train it hundreds of times,
# so train all seeds together: **stack** their weights in one tensor. The loss of the stack is the
# *sum* of the networks' losses. A network's weights are in its own loss alone, so each gets its own
# gradient, and the optimizers here treat every number by itself. The stack does what the networks
# would do one by one; the next cell checks it.
#
# All runs of a seed have the same start and the same mini-batches in the same order.

# %%
HIDDEN = 32
BATCH = 50
BATCHES = TRAIN // BATCH  # in an epoch


def initial_weights(seeds: range) -> list[torch.Tensor]:
    """He's normal start for the kernels, zero for the biases; first axis: seeds."""
    kernels: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        for kernel, (into, out) in zip(
            kernels, ((64, HIDDEN), (HIDDEN, 10)), strict=True
        ):
            kernel.append(
                torch.randn(into, out, generator=generator) * (2 / into) ** 0.5
            )
    first, second = (torch.stack(kernel) for kernel in kernels)
    biases = (torch.zeros(len(seeds), 1, size) for size in (HIDDEN, 10))
    return [first, next(biases), second, next(biases)]


def scores(weights: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """One score for each digit: (seeds, pictures, 10)."""
    kernel1, bias1, kernel2, bias2 = weights
    return torch.relu(x @ kernel1 + bias1) @ kernel2 + bias2


def losses(
    weights: list[torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> torch.Tensor:
    """Mean cross-entropy of each network, in nats."""
    each = torch.nn.functional.cross_entropy(
        scores(weights, x).flatten(0, 1), y.flatten(), reduction="none"
    )
    return each.view(y.shape).mean(dim=1)


def batch_order(seeds: range, steps: int) -> torch.Tensor:
    """Which pictures each step shows: (steps, seeds, BATCH); every epoch is shuffled anew."""
    epochs = -(-steps // BATCHES)
    orders = []
    for seed in seeds:
        generator = np.random.default_rng(1000 + seed)
        order = np.concatenate(
            [generator.permutation(TRAIN) for _ in range(epochs)]
        )
        orders.append(order.reshape(-1, BATCH)[:steps])
    return torch.tensor(np.stack(orders, axis=1))


# %% [markdown]
# ## Five optimizers, three schedules
#
# Everything but the learning rate stays at PyTorch's defaults; momentum is 0.9.
# [Six update rules](../optimizers/update-rules.md) shows what each does.
#
# A **schedule** multiplies the learning rate by a factor that changes from step to step:
#
# - **constant:** 1 all the time.
# - **cosine:** from 1 down to 0 along half a cosine wave.
# - **one-cycle:** from 1/25 up to 1 in the first 30 % of the steps, then down to almost 0.

# %%
OPTIMIZERS = {
    "SGD": lambda weights, lr: torch.optim.SGD(weights, lr=lr),
    "momentum": lambda weights, lr: torch.optim.SGD(weights, lr=lr, momentum=0.9),
    "RMSprop": lambda weights, lr: torch.optim.RMSprop(weights, lr=lr),
    "Adam": lambda weights, lr: torch.optim.Adam(weights, lr=lr),
    "AdamW": lambda weights, lr: torch.optim.AdamW(weights, lr=lr),
}
schedule = torch.optim.lr_scheduler
SCHEDULES = {
    "constant": lambda optimizer, lr, steps: schedule.ConstantLR(
        optimizer, factor=1.0
    ),
    "cosine": lambda optimizer, lr, steps: schedule.CosineAnnealingLR(
        optimizer, steps
    ),
    "one-cycle": lambda optimizer, lr, steps: schedule.OneCycleLR(
        optimizer, lr, total_steps=steps, cycle_momentum=False
    ),
}

Result = dict[str, np.ndarray]  # one value a seed


def train(
    rule: str, name: str, lr: float, steps: int, seeds: range, data: dict[str, Part]
) -> Result:
    """Loss and accuracy of each seed's network after its last step."""
    weights = [w.requires_grad_() for w in initial_weights(seeds)]
    optimizer = OPTIMIZERS[rule](weights, lr)
    scheduler = SCHEDULES[name](optimizer, lr, steps)
    x, y = data["train"]
    rows = torch.arange(len(seeds))[:, None]
    for shown in batch_order(seeds, steps):
        optimizer.zero_grad()
        losses(weights, x[rows, shown], y[rows, shown]).sum().backward()
        optimizer.step()
        scheduler.step()
    result = {}
    with torch.no_grad():
        for part, (x, y) in data.items():
            result[f"{part} loss"] = losses(weights, x, y).double().numpy()
            right = scores(weights, x).argmax(dim=2) == y
            result[f"{part} accuracy"] = 100 * right.double().mean(dim=1).numpy()
    return result


together = train("Adam", "cosine", 2**-6, 50, CHOOSE, to_choose)["test loss"]
alone = [
    train("Adam", "cosine", 2**-6, 50, range(s, s + 1), splits(range(s, s + 1)))[
        "test loss"
    ][0]
    for s in CHOOSE
]
apart = float(np.abs(together - alone).max())
print("Five networks in one stack:", together.round(4))
print("The same, one by one:      ", np.round(alone, 4))

# %% [markdown]
# ### A trap in the schedule
#
# `OneCycleLR` cycles the momentum, too, unless told not to. Give it an SGD *without* momentum, and
# it quietly becomes one *with*: you would compare something else than you wrote.

# %%
plain = torch.optim.SGD([torch.zeros(1)], lr=0.1)
before = plain.param_groups[0]["momentum"]
schedule.OneCycleLR(plain, 0.1, total_steps=100)
after = plain.param_groups[0]["momentum"]
print(f"Momentum of plain SGD: {before}; after OneCycleLR(...) is made: {after}")

# %% [markdown]
# So `cycle_momentum=False` above.
#
# ## The unfair comparison: one learning rate for all
#
# "All settings equal" sounds fair. Do it with two learning rates. Both are powers of two, and both
# are good for some optimizer.

# %%
STEPS = 200
ONE_FOR_ALL = (2**-7, 2**1)

unfair = {
    lr: {
        rule: train(rule, "constant", lr, STEPS, JUDGE, to_judge)[
            "test accuracy"
        ].mean()
        for rule in OPTIMIZERS
    }
    for lr in ONE_FOR_ALL
}
print(f"Right on the test pictures, with one learning rate for all, {STEPS} steps")
print(f"{'':10}" + "".join(f"{f'lr = {lr:g}':>14}" for lr in ONE_FOR_ALL))
for rule in OPTIMIZERS:
    print(
        f"{rule:10}" + "".join(f"{unfair[lr][rule]:>12.1f} %" for lr in ONE_FOR_ALL)
    )

# %% [markdown]
# Whoever chooses the learning rate chooses the winner. It does not mean the same thing in the five
# rules: for SGD it multiplies the gradient, for Adam and RMSprop it is about the length of a step.
#
# ## The fair comparison
#
# The rules of the game:
#
# 1. Each pair of optimizer and schedule tries seven learning rates, each twice the one before. The
#    grid is the optimizer's own.
# 2. The lowest mean **validation loss** over the five choosing seeds wins. If it is at an end of
#    the grid, the grid was wrong, and nothing may be concluded.
# 3. The winner is trained on the ten judging seeds, and its **test** results count.
# 4. All this for two budgets: a short and a long training. The schedules know the budget.

# %%
BUDGETS = (50, STEPS)
HIGHEST = {
    "SGD": 2**4,
    "momentum": 2**0,
    "RMSprop": 2**-4,
    "Adam": 2**-3,
    "AdamW": 2**-3,
}
GRIDS = {
    rule: [top * 2.0**-k for k in range(6, -1, -1)] for rule, top in HIGHEST.items()
}

Key = tuple[str, str, int]  # optimizer, schedule, budget
tried: dict[Key, np.ndarray] = {}  # validation loss of each learning rate
chosen: dict[Key, int] = {}  # its place in the grid
final: dict[Key, Result] = {}
for steps in BUDGETS:
    for rule, grid in GRIDS.items():
        for name in SCHEDULES:
            key = rule, name, steps
            runs = [train(rule, name, lr, steps, CHOOSE, to_choose) for lr in grid]
            tried[key] = np.array([run["validation loss"].mean() for run in runs])
            chosen[key] = int(np.nanargmin(tried[key]))
            final[key] = train(
                rule, name, grid[chosen[key]], steps, JUDGE, to_judge
            )

trainings = len(tried) * (7 * len(CHOOSE) + len(JUDGE))
print(
    f"{trainings} networks trained: {len(tried)} combinations, 7 learning rates each."
)

# %% [markdown]
# ## Each optimizer has its own valley
#
# Constant learning rate, long training. Look at where the valleys lie, and at how deep they are.

# %%
figure, axis = plt.subplots(figsize=(6.0, 4.2))
for rule, grid in GRIDS.items():
    colour, dash = STYLES[rule]
    losses_tried = tried[rule, "constant", STEPS]
    axis.plot(
        grid, losses_tried, dash, color=colour, marker="o", markersize=4, label=rule
    )
axis.set(
    xscale="log",
    yscale="log",
    xlabel="learning rate",
    ylabel="validation loss (nats)",
)
axis.set_xticks([10.0**k for k in range(-3, 2)])
axis.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
axis.set_ylim(0.1, 3)
axis.minorticks_off()
axis.legend(ncols=2, fontsize=11)
plt.show()

for rule, grid in GRIDS.items():
    found = tried[rule, "constant", STEPS]
    print(
        f"{rule}: lowest validation loss {found.min():.3f}, at learning rate "
        f"2^{np.log2(grid[int(found.argmin())]):.0f}; at the ends of its grid {found[0]:.3f} and "
        f"{found[-1]:.3f}."
    )

# %% [markdown]
# ## What each reaches when tuned
#
# A dot is a judging seed, a bar the mean of its row; long training, constant learning rate. The
# rows lie closer together than the dots within a row.

# %%
figure, axis = plt.subplots(figsize=(6.0, 3.2))
for row, rule in enumerate(OPTIMIZERS):
    right = final[rule, "constant", STEPS]["test accuracy"]
    axis.plot(right, [row] * len(right), "o", color=STYLES[rule][0], alpha=0.7)
    axis.plot(
        right.mean(),
        row,
        "|",
        color=STYLES[rule][0],
        markersize=22,
        markeredgewidth=3,
    )
axis.set_yticks(range(len(OPTIMIZERS)), list(OPTIMIZERS))
axis.set_ylim(len(OPTIMIZERS) - 0.5, -0.5)  # the first row on top
axis.set_xlabel("right on the test pictures (%)")
plt.show()

print("Right on the test pictures, mean ± standard deviation over the seeds:")
for rule in OPTIMIZERS:
    right = final[rule, "constant", STEPS]["test accuracy"]
    print(f"{rule}: {right.mean():.1f} ± {right.std(ddof=1):.1f} %")

# %% [markdown]
# The spread within a row is mostly that of the splits: some are harder for all. Compare seed by
# seed and this part is gone. Here is the loss, which sees more than the accuracy, against Adam's:

# %%
adam = final["Adam", "constant", STEPS]["test loss"]
against_adam = {
    rule: final[rule, "constant", STEPS]["test loss"] - adam
    for rule in OPTIMIZERS
    if rule != "Adam"
}
print(
    f"Test loss of Adam: {adam.mean():.3f} ± {adam.std(ddof=1):.3f}. Others minus Adam:"
)
for rule, change in against_adam.items():
    print(
        f"{rule:10}{change.mean():+.3f} ± {change.std(ddof=1):.3f}, "
        f"lower in {(change < 0).sum()} of {len(change)} seeds"
    )

# %% [markdown]
# ## Do schedules help?
#
# For each optimizer and seed: the test loss with a schedule minus that with the constant learning
# rate, each with its own tuned learning rate. Right of the line the schedule is worse.

# %%
changes = {
    (rule, name, steps): final[rule, name, steps]["test loss"]
    - final[rule, "constant", steps]["test loss"]
    for rule, name, steps in final
    if name != "constant"
}
rows = [(name, steps) for steps in BUDGETS for name in ("cosine", "one-cycle")]
offsets = dict(
    zip(OPTIMIZERS, np.linspace(-0.3, 0.3, len(OPTIMIZERS)), strict=True)
)

figure, axis = plt.subplots(figsize=(6.0, 4.6))
for (rule, name, steps), change in changes.items():
    at = rows.index((name, steps)) + offsets[rule]
    colour = STYLES[rule][0]
    axis.plot(
        change, [at] * len(change), "o", color=colour, alpha=0.6, markersize=3
    )
    axis.plot(
        change.mean(), at, "|", color=colour, markersize=10, markeredgewidth=3
    )
for rule, (colour, _) in STYLES.items():
    axis.plot([], [], "o", color=colour, label=rule)
axis.axvline(0, color=GREY, linewidth=1)
axis.set_yticks(
    range(len(rows)), [f"{name}\n{steps} steps" for name, steps in rows]
)
axis.set_ylim(len(rows) - 0.5, -0.5)
axis.set_xlabel("test loss minus that of the constant rate (nats)")
figure.legend(
    loc="outside upper center",
    ncols=5,
    fontsize=10,
    columnspacing=0.8,
    handletextpad=0,
)
plt.show()

for name, steps in rows:
    means = [changes[rule, name, steps].mean() for rule in OPTIMIZERS]
    lower = sum(int((changes[rule, name, steps] < 0).sum()) for rule in OPTIMIZERS)
    print(
        f"{name}, {steps} steps: mean change from {min(means):+.3f} to {max(means):+.3f}, by "
        f"optimizer; lower loss in {lower} of {len(OPTIMIZERS) * len(JUDGE)} pairs."
    )

# %% [markdown]
# A schedule has a price: cosine's factor is 1/2 on average, so with the same learning rate the
# weights travel about half as far. With few steps that hurts. What you get for it is that a
# learning rate that is too large does less harm, since it does not stay large:

# %%
at_lowest, at_highest = (
    {
        rule: tried[rule, "cosine", STEPS][k] - tried[rule, "constant", STEPS][k]
        for rule in GRIDS
    }
    for k in (0, -1)
)
print(
    f"Validation loss of cosine minus constant, {STEPS} steps, at the ends of the grid"
)
print(f"{'':10}{'lowest':>10}{'highest':>10}")
for rule in OPTIMIZERS:
    print(f"{rule:10}{at_lowest[rule]:>+10.3f}{at_highest[rule]:>+10.3f}")

# %% [markdown]
# ## What we found
#
# Each sentence carries the numbers of this run and a check on them. If one does not hold, the lab
# stops with an error.

# %%
small, large = ONE_FOR_ALL
best_at = {lr: max(unfair[lr], key=unfair[lr].get) for lr in ONE_FOR_ALL}
worst_at = {lr: min(unfair[lr], key=unfair[lr].get) for lr in ONE_FOR_ALL}
span = min(
    max(unfair[lr].values()) - min(unfair[lr].values()) for lr in ONE_FOR_ALL
)

inside = sum(0 < place < 6 for place in chosen.values())
rates = [GRIDS[rule][chosen[rule, "constant", STEPS]] for rule in OPTIMIZERS]

tuned = {rule: final[rule, "constant", STEPS] for rule in OPTIMIZERS}
right = [run["test accuracy"].mean() for run in tuned.values()]
range_right = max(right) - min(right)
range_seeds = min(float(np.ptp(run["test accuracy"])) for run in tuned.values())
test_losses = [run["test loss"].mean() for run in tuned.values()]
range_loss = max(test_losses) - min(test_losses)
badly_tuned = min(
    float(
        tried[rule, "constant", STEPS].max() - tried[rule, "constant", STEPS].min()
    )
    for rule in OPTIMIZERS
)
lead = -against_adam["AdamW"]


def by_budget(steps: int) -> tuple[list[float], int]:
    """Mean changes by a schedule, and in how many pairs it lowered the loss."""
    found = [
        change for (_, _, budget), change in changes.items() if budget == steps
    ]
    return [float(c.mean()) for c in found], sum(int((c < 0).sum()) for c in found)


means_short, lower_short = by_budget(BUDGETS[0])
means_long, lower_long = by_budget(STEPS)
pairs = 2 * len(OPTIMIZERS) * len(JUDGE)
forgiven = sum(change < -0.1 for change in at_highest.values())

conclusions = [
    (
        f"One learning rate for all picks the winner in advance: at {small:g} {best_at[small]} is "
        f"first and {worst_at[small]} last, at {large:g} {best_at[large]} is first and "
        f"{worst_at[large]} last, at least {span:.0f} points apart.",
        worst_at[small] == best_at[large] == "SGD" and span > 10,
    ),
    (
        f"The grids were wide enough: in {inside} of {len(chosen)} searches the best learning rate "
        f"is not at an end. From optimizer to optimizer it differs up to "
        f"{max(rates) / min(rates):.0f}-fold.",
        inside == len(chosen) and max(rates) / min(rates) >= 64,
    ),
    (
        f"Tuned alike, the five are alike: their mean accuracies lie within {range_right:.1f} "
        f"points, the seeds of any one of them {range_seeds:.1f} or more apart.",
        range_right < 1.5 and range_seeds > range_right and span > 10 * range_right,
    ),
    (
        f"Tuning matters more than the rule: the tuned test losses lie within {range_loss:.3f}; "
        f"between the best and the worst of its learning rates each rule has at least "
        f"{badly_tuned:.2f}.",
        badly_tuned > 5 * range_loss,
    ),
    (
        f"A difference can be reliable and too small to matter: AdamW's test loss is below Adam's "
        f"in {(lead > 0).sum()} of {len(JUDGE)} seeds, by {lead.mean():.3f} ± "
        f"{lead.std(ddof=1):.3f}.",
        (lead > 0).sum() >= 8 and 0 < lead.mean() < 0.01,
    ),
    (
        f"With {BUDGETS[0]} steps the constant rate won: a schedule lowered the test loss in "
        f"{lower_short} of {pairs} pairs. With {STEPS} it made little difference: "
        f"{min(means_long):+.3f} to {max(means_long):+.3f} on average, lower in {lower_long} of "
        f"{pairs}.",
        min(means_short) > 0
        and lower_short < pairs / 5
        and max(map(abs, means_long)) < 0.02
        and lower_long < pairs / 2,
    ),
    (
        f"What cosine does give is safety: at the highest learning rate of its grid it lowered the "
        f"validation loss by more than 0.1 for {forgiven} of {len(GRIDS)} optimizers. At the "
        f"lowest it raised it for all, by {min(at_lowest.values()):.2f} or more.",
        forgiven >= 3 and min(at_lowest.values()) > 0.05,
    ),
    (
        f"The comparison is sound: networks trained in one stack and one by one end at most "
        f"{apart:.0e} apart, and OneCycleLR, left alone, gives plain SGD a momentum of {after}.",
        apart < 1e-4 and before == 0 and after > 0.9,
    ),
]
for number, (sentence, holds) in enumerate(conclusions, 1):
    print(f"{number}. {'Holds' if holds else 'DOES NOT HOLD'}: {sentence}\n")

broken = [number for number, (_, holds) in enumerate(conclusions, 1) if not holds]
assert not broken, f"this run does not bear out these conclusions: {broken}"

# %% [markdown]
# This is one small network on one small data set, where 500 pictures are soon learned by heart and
# a better optimizer is of little use. It says nothing about a large model that never sees its data
# twice. What does carry over is the method: a grid for each, the best one inside it, the same
# number of trials, other seeds to judge, and the spread beside the mean.
#
# ## Now try
#
# 1. **Cut a grid.** Set `HIGHEST["SGD"] = 2**0`. Which sentence stops the lab, and what would you
#    have concluded about SGD without that sentence?
# 2. **Choose by another loss.** Take `"train loss"` in the search. Which learning rates win now,
#    and what happens to the test loss?
# 3. **Noisier gradients.** Set `BATCH = 5`. Do the schedules gain?
# 4. **Leave the trap in.** Remove `cycle_momentum=False`. Which rows of the last picture move?
# 5. **A short search.** Give each only three learning rates, each eight times the one before. What
#    is the ranking worth then?
# 6. **More decay.** Give AdamW `weight_decay=1.0`. Is its lead over Adam still too small to matter?
#    And is the comparison still fair, if Adam has no second knob to turn?

"""The local pieces of backpropagation: ours, PyTorch's and TensorFlow's values and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

import snippets.keras.losses
import snippets.numpy.losses
import snippets.pytorch.losses
from snippets.numpy.activations import activate, slope
from snippets.numpy.convolution import convolve, convolve_backward
from snippets.numpy.recurrent import Recurrent, backward, forward
from snippets.numpy.softmax import softmax, softmax_backward

LR, STEPS = 2.0**-4, 200  # exact in float32, which Keras may round it to


def close(ours, theirs, tolerance: float = 1e-13) -> None:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= tolerance * max(1.0, float(np.abs(theirs).max()))


def digits() -> tuple[np.ndarray, np.ndarray]:
    images, labels = load_digits(return_X_y=True)
    return images[:40].reshape(40, 8, 8) / 16, labels[:40]


@pytest.mark.parametrize("kind", ["sigmoid", "tanh", "relu"])
class TestActivations:
    Z = np.append(np.random.default_rng(0).normal(size=20) * 3, 0.0)  # the kink, too

    def test_torch(self, kind):
        z = torch.tensor(self.Z, requires_grad=True)
        a = getattr(torch, kind)(z)
        a.sum().backward()
        close(activate(self.Z, kind), a.detach())
        close(slope(activate(self.Z, kind), kind), z.grad)

    def test_keras(self, kind):
        z = tf.Variable(self.Z)
        with tf.GradientTape() as tape:
            a = keras.activations.get(kind)(z)
        close(activate(self.Z, kind), a)
        close(slope(activate(self.Z, kind), kind), tape.gradient(a, z))


class TestSoftmax:
    Z, V = np.random.default_rng(1).normal(size=(2, 6, 10))

    def test_torch(self):
        z = torch.tensor(self.Z, requires_grad=True)
        p = z.softmax(1)
        p.backward(torch.tensor(self.V))
        close(softmax(self.Z), p.detach())
        close(softmax_backward(softmax(self.Z), self.V), z.grad)

    def test_keras(self):
        z = tf.Variable(self.Z)
        with tf.GradientTape() as tape:
            p = keras.activations.softmax(z)
        close(softmax(self.Z), p)
        close(
            softmax_backward(softmax(self.Z), self.V),
            tape.gradient(p, z, output_gradients=tf.constant(self.V)),
        )

    def test_into_cross_entropy_is_prediction_minus_target(self):
        labels = np.arange(6)
        p, one_hot = softmax(self.Z), np.eye(10)[labels]
        by_p = -one_hot / p / 6  # the derivative of -log p_label by p
        close(softmax_backward(p, by_p), snippets.numpy.losses.cross_entropy(self.Z, labels)[1])


RNG = np.random.default_rng(2)
LOGITS, TARGETS, LABELS = 3 * RNG.normal(size=(7, 4)), RNG.random(size=(7, 4)), np.arange(7) % 4
LOSSES = [
    ("mean_squared_error", TARGETS, functional.mse_loss, keras.losses.MeanSquaredError),
    (
        "binary_cross_entropy",
        TARGETS,
        functional.binary_cross_entropy_with_logits,
        keras.losses.BinaryCrossentropy,
    ),
    (
        "cross_entropy",
        LABELS,
        functional.cross_entropy,
        keras.losses.SparseCategoricalCrossentropy,
    ),
]


@pytest.mark.parametrize(("name", "targets", "in_torch", "in_keras"), LOSSES)
class TestLosses:
    """The three snippets and the libraries' own losses."""

    def test_torch(self, name, targets, in_torch, in_keras):
        value, gradient = getattr(snippets.numpy.losses, name)(LOGITS, targets)
        for loss in (getattr(snippets.pytorch.losses, name), in_torch):
            z = torch.tensor(LOGITS, requires_grad=True)
            result = loss(z, torch.tensor(targets))
            result.backward()
            close(value, result.detach())
            close(gradient, z.grad)

    def test_keras(self, name, targets, in_torch, in_keras):
        value, gradient = getattr(snippets.numpy.losses, name)(LOGITS, targets)
        options = {} if name == "mean_squared_error" else {"from_logits": True}
        own = in_keras(dtype="float64", **options)
        for loss in (
            getattr(snippets.keras.losses, name),
            lambda z, targets: own(targets, z),
        ):
            z = tf.Variable(LOGITS)
            with tf.GradientTape() as tape:
                result = loss(z, targets)
            close(value, result)
            close(gradient, tape.gradient(result, z))


class TestConvolution:
    X = digits()[0]
    W, B = RNG.normal(size=(5, 8, 3)), RNG.normal(size=5)
    BACK = RNG.normal(size=(40, 5, 6))

    def test_torch(self):
        x, w, b = (torch.tensor(a, requires_grad=True) for a in (self.X, self.W, self.B))
        z = functional.conv1d(x, w, b)
        z.backward(torch.tensor(self.BACK))
        close(convolve(self.X, self.W, self.B), z.detach())
        for ours, leaf in zip(convolve_backward(self.X, self.W, self.BACK), (x, w, b), strict=True):
            close(ours, leaf.grad)

    def test_keras(self):
        layer = keras.layers.Conv1D(5, 3, dtype="float64")
        layer.build((None, 8, 8))
        layer.set_weights([self.W.transpose(2, 1, 0), self.B])
        x = tf.Variable(self.X.swapaxes(1, 2))  # channels last
        with tf.GradientTape() as tape:
            z = layer(x)
        back = tf.constant(self.BACK.swapaxes(1, 2))
        leaves = [x, layer.kernel.value, layer.bias.value]
        dx, dw, db = tape.gradient(z, leaves, output_gradients=back)
        ours = convolve_backward(self.X, self.W, self.BACK)
        close(convolve(self.X, self.W, self.B), z.numpy().swapaxes(1, 2))
        close(ours[0], dx.numpy().swapaxes(1, 2))
        close(ours[1], dw.numpy().transpose(2, 1, 0))
        close(ours[2], db)


class TestRecurrent:
    """A recurrent layer and softmax on its last state, trained in all three."""

    @staticmethod
    def start() -> tuple[Recurrent, np.ndarray]:
        rng = np.random.default_rng(3)
        net = Recurrent(
            rng.normal(size=(12, 8)) / 8**0.5,
            rng.normal(size=(12, 12)) / 12**0.5,
            rng.normal(size=12) / 4,
        )
        return net, rng.normal(size=(10, 12)) / 12**0.5

    def numpy_path(self) -> list[list[np.ndarray]]:
        (net, out), (x, labels), path = self.start(), digits(), []
        for _ in range(STEPS):
            states = forward(net, x)
            _, error = snippets.numpy.losses.cross_entropy(states[:, -1] @ out.T, labels)
            slopes = np.zeros_like(states)
            slopes[:, -1] = error @ out
            gradient = backward(net, x, states, slopes)
            net = Recurrent(*(p - LR * g for p, g in zip(net, gradient, strict=True)))
            out = out - LR * error.T @ states[:, -1]
            path.append([*net, out])
        return path

    def torch_path(self) -> list[list[np.ndarray]]:
        (net, start), (x, labels), path = self.start(), digits(), []
        rnn = nn.RNN(8, 12, batch_first=True).double()
        out = torch.tensor(start, requires_grad=True)
        with torch.no_grad():
            rnn.weight_ih_l0.copy_(torch.from_numpy(net.W))
            rnn.weight_hh_l0.copy_(torch.from_numpy(net.U))
            rnn.bias_ih_l0.copy_(torch.from_numpy(net.b))
            rnn.bias_hh_l0.zero_()
        rnn.bias_hh_l0.requires_grad_(False)  # the second bias would double the step of b
        learned = [rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, out]
        optimizer = torch.optim.SGD(learned, lr=LR)
        for _ in range(STEPS):
            optimizer.zero_grad()
            states, _ = rnn(torch.tensor(x))
            functional.cross_entropy(states[:, -1] @ out.T, torch.tensor(labels)).backward()
            optimizer.step()
            path.append([p.detach().numpy().copy() for p in learned])
        return path

    def keras_path(self) -> list[list[np.ndarray]]:
        (net, start), (x, labels), path = self.start(), digits(), []
        model = keras.Sequential(
            [
                keras.Input((8, 8), dtype="float64"),
                keras.layers.SimpleRNN(12, dtype="float64"),
                keras.layers.Dense(10, use_bias=False, dtype="float64"),
            ]
        )
        model.set_weights([net.W.T, net.U.T, net.b, start.T])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64")
        optimizer = keras.optimizers.SGD(LR)
        optimizer.build(model.trainable_variables)

        @tf.function
        def step() -> None:
            with tf.GradientTape() as tape:
                value = loss(labels, model(x))
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)

        for _ in range(STEPS):
            step()
            path.append([v.numpy().T for v in model.trainable_variables])
        return path

    @pytest.mark.parametrize("other", ["torch_path", "keras_path"])
    def test_long_trajectory(self, other):
        ours, theirs = self.numpy_path(), getattr(self, other)()
        for mine, yours in zip(ours, theirs, strict=True):
            for p, q in zip(mine, yours, strict=True):
                close(p, q, tolerance=1e-12)
        net, out = self.start()
        first, _ = snippets.numpy.losses.cross_entropy(
            forward(net, digits()[0])[:, -1] @ out.T, digits()[1]
        )
        *net, out = ours[-1]
        last, _ = snippets.numpy.losses.cross_entropy(
            forward(Recurrent(*net), digits()[0])[:, -1] @ out.T, digits()[1]
        )
        assert last < 0.5 * first


class TestWhatThePageSays:
    def test_keras_warns_of_softmax_before_from_logits(self):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss)
        with pytest.warns(UserWarning, match="was produced by a Softmax activation"):
            model.fit(np.zeros((4, 2)), np.array([0, 1, 2, 0]), verbose=0)

    def test_torch_does_not(self, recwarn):
        loss = nn.CrossEntropyLoss()(torch.zeros(4, 3).softmax(1), torch.arange(4) % 3)
        assert loss.item() == pytest.approx(np.log(3))
        assert not recwarn.list

    def test_keras_names_the_parts_of_a_recurrent_layer(self):
        layer = keras.layers.SimpleRNN(
            2,
            kernel_initializer="ones",
            recurrent_initializer="ones",
            bias_initializer="ones",
            kernel_regularizer=keras.regularizers.L2(1.0),
            recurrent_regularizer=keras.regularizers.L2(10.0),
            bias_regularizer=keras.regularizers.L2(100.0),
        )
        layer.build((None, 5, 3))  # W has 6 ones, U 4, b 2
        assert sorted(float(v) for v in layer.losses) == [6.0, 40.0, 200.0]

    def test_dropout_in_keras_is_for_inputs_and_recurrent_dropout_for_the_state(self):
        x = np.ones((1, 2, 3), dtype="float32")
        zeros, ones = np.zeros, np.ones
        for name, weights in (
            ("dropout", [ones((3, 40)), zeros((40, 40)), zeros(40)]),
            ("recurrent_dropout", [zeros((3, 40)), ones((40, 40)), 0.01 * ones(40)]),
        ):
            other = "dropout" if name == "recurrent_dropout" else "recurrent_dropout"
            changed = []
            for option in (name, other):
                layer = keras.layers.SimpleRNN(40, **{option: 0.5}, seed=0)
                layer.build(x.shape)
                layer.set_weights(weights)
                changed.append(not np.allclose(layer(x, training=True), layer(x)))
            assert changed == [True, False]

    def test_weight_decay_in_torch_takes_both_biases(self):
        rnn = nn.RNN(2, 3)
        names = [name for name, _ in rnn.named_parameters()]
        assert [n.split("_l0")[0] for n in names] == [
            "weight_ih",
            "weight_hh",
            "bias_ih",
            "bias_hh",
        ]
        before = {name: p.detach().clone() for name, p in rnn.named_parameters()}
        optimizer = torch.optim.SGD(rnn.parameters(), lr=0.5, weight_decay=0.5)
        (0 * rnn(torch.zeros(4, 1, 2))[0].sum()).backward()
        optimizer.step()
        for name, p in rnn.named_parameters():
            torch.testing.assert_close(p.detach(), 0.75 * before[name])

"""The model and its data: softmax regression on clusters of points."""

import numpy as np

CLASSES = 4
FEATURES = 8
_SERVER_PARTITION = 1000


def load_data(partition):
    """Features (n, 8) and labels (n,) of a site. Sites have different numbers of samples and mixtures of classes."""
    centres = np.random.default_rng(0).normal(scale=1.2, size=(CLASSES, FEATURES))
    source = np.random.default_rng(partition + 1)
    samples = int(source.integers(150, 400))
    labels = source.choice(CLASSES, size=samples, p=source.dirichlet(np.full(CLASSES, 2.0)))
    return centres[labels] + source.normal(size=(samples, FEATURES)), labels


def load_server_data():
    """Data that no site has."""
    return load_data(_SERVER_PARTITION)


def initial_weights():
    """The model before training: a weight for each feature, and a bias, for each class."""
    return np.zeros((FEATURES + 1, CLASSES))


def train(weights, features, labels, epochs, learning_rate):
    """Gradient descent in batches of 32. Returns the new weights."""
    weights = weights.copy()
    for _ in range(epochs):
        for start in range(0, len(labels), 32):
            x, y = _with_bias(features[start : start + 32]), labels[start : start + 32]
            error = _probabilities(x @ weights)
            error[np.arange(len(y)), y] -= 1
            weights -= learning_rate * x.T @ error / len(y)
    return weights


def evaluate(weights, features, labels):
    """Mean cross-entropy, and accuracy as a fraction of 1."""
    probabilities = _probabilities(_with_bias(features) @ weights)
    loss = -np.log(probabilities[np.arange(len(labels)), labels] + 1e-12).mean()
    return float(loss), float((probabilities.argmax(axis=1) == labels).mean())


def _with_bias(features):
    return np.hstack([features, np.ones((len(features), 1))])


def _probabilities(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)

"""LeNet and ResNet-8 in torch, with the weights of ours: the loss of a batch, and its gradient in our order."""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

Tree = Mapping[str, Any]

GROUPS, EPSILON = 8, 1e-5


class TorchNet:
    """A net of ours as torch computes it.

    Attributes:
        names: of its weights, a path each, in the order in which we flatten them.
        channels_last: whether images lie in memory as NHWC.
    """

    def __init__(self, model: str, parameters: Tree, channels_last: bool) -> None:
        self._torch: Any = importlib.import_module("torch")
        self._function: Any = self._torch.nn.functional
        self._scores = {"lenet": self._lenet, "resnet8": self._resnet8}[model]
        self.channels_last = channels_last
        weights = _flat(parameters)
        self.names = list(weights)
        self._weights = {name: self._as_theirs(value).requires_grad_() for name, value in weights.items()}

    def batch(self, images: np.ndarray) -> Any:
        """Images ``[n, height, width, channels]`` as torch takes them."""
        moved = self._torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        return moved.to(memory_format=self._torch.channels_last) if self.channels_last else moved

    def pass_through(self, images: Any, labels: Any) -> float:
        """Forwards and backwards; the mean loss."""
        for weight in self._weights.values():
            weight.grad = None
        loss = self._function.cross_entropy(self._scores(images), labels)
        loss.backward()
        return float(loss.detach())

    def gradient(self) -> np.ndarray:
        """The gradient that is left, flat, in our order."""
        return np.concatenate([_as_ours(self._weights[name].grad.numpy()).ravel() for name in self.names])

    def _as_theirs(self, value: np.ndarray) -> Any:
        if value.ndim != 4:
            return self._torch.tensor(value)
        moved = self._torch.tensor(np.ascontiguousarray(value.transpose(3, 2, 0, 1)))
        return moved.to(memory_format=self._torch.channels_last) if self.channels_last else moved

    def _conv(self, name: str, images: Any, stride: int = 1, padding: int = 0) -> Any:
        bias = self._weights.get(f"{name}/bias")
        return self._function.conv2d(images, self._weights[f"{name}/kernel"], bias, stride, padding)

    def _dense(self, name: str, values: Any) -> Any:
        return values @ self._weights[f"{name}/kernel"] + self._weights[f"{name}/bias"]

    def _normed(self, name: str, images: Any) -> Any:
        scale, bias = self._weights[f"{name}/scale"], self._weights[f"{name}/bias"]
        return self._function.group_norm(images, GROUPS, scale, bias, EPSILON)

    def _lenet(self, images: Any) -> Any:
        pooled, positive = self._function.max_pool2d, self._function.relu
        hidden = pooled(positive(self._conv("Conv_0", images)), 2)
        hidden = pooled(positive(self._conv("Conv_1", hidden)), 2)
        hidden = hidden.permute(0, 2, 3, 1).flatten(1)
        hidden = positive(self._dense("Dense_1", positive(self._dense("Dense_0", hidden))))
        return self._dense("Dense_2", hidden)

    def _resnet8(self, images: Any) -> Any:
        positive = self._function.relu
        hidden = positive(self._normed("GroupNorm_0", self._conv("Conv_0", images, padding=1)))
        for block in range(3):
            name, stride = f"_Block_{block}", 2 if block else 1
            inner = self._normed(f"{name}/GroupNorm_0", self._conv(f"{name}/Conv_0", hidden, stride, 1))
            inner = self._normed(f"{name}/GroupNorm_1", self._conv(f"{name}/Conv_1", positive(inner), 1, 1))
            if block:
                hidden = self._normed(f"{name}/GroupNorm_2", self._conv(f"{name}/Conv_2", hidden, stride))
            hidden = positive(inner + hidden)
        return self._dense("Dense_0", hidden.mean((2, 3)))


def _flat(tree: Tree, above: str = "") -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name in sorted(tree):
        path = f"{above}/{name}" if above else name
        found |= _flat(tree[name], path) if isinstance(tree[name], Mapping) else {path: np.asarray(tree[name])}
    return found


def _as_ours(value: np.ndarray) -> np.ndarray:
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value

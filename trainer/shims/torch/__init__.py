"""Stands in for torch, which the JAX backend names only as a type of vision inputs (skyrl/backends/renderer.py)."""


class Tensor: ...


def __getattr__(name):
    raise AttributeError(f"torch is not installed, and this stand-in has no torch.{name}")

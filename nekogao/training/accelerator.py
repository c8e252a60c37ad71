"""Where the arithmetic is done: one CPU in full precision, or whatever Lightning Fabric offers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError, reason
from nekogao.models.family import Learner


@runtime_checkable
class Accelerator(Protocol):
    """What training asks of a device; Lightning Fabric has it, and more."""

    @property
    def device(self) -> torch.device:
        """Where networks and batches are."""

    def setup(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> Any:
        """The network and its optimiser, moved to the device."""

    def backward(self, tensor: Tensor) -> None:
        """The gradients of a loss."""


class PlainCpu:
    """One CPU in full precision. Importing Fabric for it would take longer than some runs."""

    device = torch.device("cpu")

    def setup(
        self, module: nn.Module, optimizer: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Both as they are."""
        return module, optimizer

    def backward(self, tensor: Tensor) -> None:
        """The gradients of a loss."""
        tensor.backward()


@contextmanager
def accelerated(config: TrainConfig) -> Iterator[Accelerator]:
    """The accelerator that a configuration asks for, with its number of threads.

    What this changes in the process (threads, PyTorch's deterministic flags, variables of the
    environment) is as before when the block is left; what others change meanwhile stays.

    Raises ConfigError where there is no such accelerator.
    """
    threads = torch.get_num_threads()
    try:
        if config.threads:
            torch.set_num_threads(config.threads)
        if _is_plain(config):
            yield PlainCpu()
        else:
            with _fabric(config) as fabric:
                yield fabric
    finally:
        if config.threads:
            torch.set_num_threads(threads)


def _is_plain(config: TrainConfig) -> bool:
    """Whether one CPU in full precision is asked for."""
    on_cpu = config.accelerator == "cpu" or (config.accelerator == "auto" and not _accelerated())
    return on_cpu and config.precision == "32-true"


@contextmanager
def _fabric(config: TrainConfig) -> Iterator[Accelerator]:
    """Lightning Fabric on one device; raises as `accelerated` does."""
    environment = dict(os.environ)
    # Deterministic matrix products on CUDA need their own workspace, named before the first one.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    from lightning_fabric import Fabric

    try:
        fabric = Fabric(accelerator=config.accelerator, devices=1, precision=config.precision)
        fabric.to_device(torch.zeros(1))
    except (RuntimeError, ValueError, AssertionError) as error:
        why = reason(error)
        raise ConfigError(
            f"accelerator {config.accelerator}, precision {config.precision}: not available "
            f"here ({why}). Use accelerator=cpu precision=32-true."
        ) from None
    finally:
        ours = {name: os.environ[name] for name in os.environ.keys() - environment.keys()}
    try:
        with _deterministic(fabric.device):
            yield fabric
    finally:
        for name, value in ours.items():
            if os.environ.get(name) == value:
                del os.environ[name]


@contextmanager
def _deterministic(device: torch.device) -> Iterator[None]:
    """On CUDA, the same arithmetic every time, which exact resume needs."""
    if device.type != "cuda":
        yield
        return
    benchmark = torch.backends.cudnn.benchmark
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = benchmark
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)


def _accelerated() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def place(learner: Learner, accelerator: Accelerator) -> None:
    """Move everything that learns to the accelerator's device."""
    for name, module in learner.modules.items():
        arranged = arrange(module, accelerator.device)
        if name in learner.optimizers:
            learner.modules[name], learner.optimizers[name] = accelerator.setup(
                arranged, learner.optimizers[name]
            )
        else:
            learner.modules[name] = arranged.to(accelerator.device)


def arrange(module: nn.Module, device: torch.device) -> nn.Module:
    """The network in the memory layout that its device computes fastest in.

    CUDA's convolutions want channels last (NVIDIA, "Tensor layouts in memory"); on the CPU they
    gained nothing by it.
    """
    if device.type == "cuda":
        for weights in module.parameters():
            if weights.dim() == 4:
                weights.data = weights.data.contiguous(memory_format=torch.channels_last)
    return module

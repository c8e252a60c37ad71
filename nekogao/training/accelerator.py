"""Where the arithmetic is done: one CPU in full precision, or whatever Lightning Fabric offers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError
from nekogao.models.family import Learner

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


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

    Whatever this changes in the process (threads, PyTorch's deterministic flags, the environment)
    is as before when the block is left.

    Raises ConfigError where there is no such accelerator.
    """
    threads, environment = torch.get_num_threads(), dict(os.environ)
    benchmark = torch.backends.cudnn.benchmark
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        if config.threads:
            torch.set_num_threads(config.threads)
        yield choose(config)
    finally:
        torch.set_num_threads(threads)
        torch.backends.cudnn.benchmark = benchmark
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]  # Fabric sets some of its own
        os.environ.update(environment)


def choose(config: TrainConfig) -> Accelerator:
    """The accelerator that a configuration asks for. Raises ConfigError where there is none such.

    On CUDA this sets flags of the process; `accelerated` takes them back.
    """
    on_cpu = config.accelerator == "cpu" or (config.accelerator == "auto" and not _accelerated())
    if on_cpu and config.precision == "32-true":
        return PlainCpu()
    # Deterministic matrix products on CUDA need their own workspace, named before the first one.
    os.environ.setdefault(_WORKSPACE, ":4096:8")
    from lightning_fabric import Fabric

    try:
        fabric = Fabric(accelerator=config.accelerator, devices=1, precision=config.precision)
        fabric.to_device(torch.zeros(1))
    except (RuntimeError, ValueError, AssertionError) as error:
        reason = str(error).splitlines()[0][:160]
        raise ConfigError(
            f"accelerator {config.accelerator}, precision {config.precision}: not available "
            f"here ({reason}). Use accelerator=cpu precision=32-true."
        ) from None
    if fabric.device.type == "cuda":
        # Exact resume needs the same arithmetic every time.
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True, warn_only=True)
    return fabric


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
    if device.type != "cuda":
        return module
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

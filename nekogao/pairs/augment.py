"""Random variation of pairs: geometry on both sides alike, light and noise on the source."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample

from nekogao.config.schema import AugmentConfig

_WHITE = 1.0


def augment(
    source: Float[Tensor, "b c h w"],
    target: Float[Tensor, "b d h w"],
    config: AugmentConfig,
    rng: np.random.Generator,
    labels: Sequence[bool] = (),
) -> tuple[Tensor, Tensor]:
    """Vary a batch in [-1, 1].

    What comes in from outside the picture repeats its border, or is white after a warp. Sources
    that are label maps, marked in `labels`, move by nearest neighbour along with their targets,
    always repeat their border, and keep their colours.

    The same (config, rng state) gives the same result. Shapes, ranges and the device stay as they
    are; random numbers are drawn on the CPU whatever the device.
    """
    state = copy.deepcopy(rng)
    both = _move(_mirror(torch.cat([source, target], dim=1), config, rng), config, rng)
    both = _warp(both, config, rng)
    moved, moved_target = both[:, : source.shape[1]], both[:, source.shape[1] :]
    lit = _relight(moved, config, rng)
    if not any(labels):
        return lit, moved_target
    marked = torch.tensor(labels, device=source.device)[:, None, None, None]
    # The same random numbers move them once more, in another way.
    maps = _move_map(source, config, copy.deepcopy(state), "nearest")
    along = _move_map(target, config, state, "bilinear")
    return torch.where(marked, maps, lit), torch.where(marked, along, moved_target)


def _move_map(x: Tensor, config: AugmentConfig, rng: np.random.Generator, mode: str) -> Tensor:
    """One side of pairs whose sources are label maps; both repeat their border."""
    moved = _move(_mirror(x, config, rng), config, rng, mode)
    if not config.warp:
        return moved
    from kornia.geometry.grid import create_meshgrid
    from kornia.geometry.transform import warp_points_tps

    height, width = x.shape[-2:]
    points = create_meshgrid(height, width, device=x.device, align_corners=False).reshape(1, -1, 2)
    places = warp_points_tps(points.expand(len(x), -1, -1), *_spline(x, config, rng))
    grid = places.reshape(len(x), height, width, 2)
    return grid_sample(moved, grid, mode=mode, padding_mode="border", align_corners=False)


def _mirror(x: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    if not config.flip:
        return x
    flip = torch.from_numpy(rng.random(len(x)) < config.flip)
    return torch.where(flip.to(x.device)[:, None, None, None], x.flip(-1), x)


def _uniform(rng: np.random.Generator, like: Tensor, largest: float, *shape: int) -> Tensor:
    """Random numbers from -largest to largest, on the device of `like`."""
    return torch.from_numpy(rng.uniform(-largest, largest, shape)).float().to(like.device)


def _move(
    x: Tensor, config: AugmentConfig, rng: np.random.Generator, mode: str = "bilinear"
) -> Tensor:
    if not (config.shift or config.rotate or config.scale):
        return x
    from kornia.geometry.transform import get_affine_matrix2d, warp_affine

    count, _, height, width = x.shape
    side = torch.tensor([width, height], dtype=torch.float32, device=x.device)
    matrix = get_affine_matrix2d(
        translations=_uniform(rng, x, config.shift, count, 2) * side,
        center=((side - 1) / 2).expand(count, 2),
        scale=(1 + _uniform(rng, x, config.scale, count, 1)).expand(count, 2),
        angle=_uniform(rng, x, config.rotate, count),
    )
    return warp_affine(x, matrix[:, :2], (height, width), mode, "border")


def _warp(x: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Thin-plate splines through a 3x3 grid of points (Bookstein 1989)."""
    if not config.warp:
        return x
    from kornia.geometry.transform import warp_image_tps

    # The spline shows zeros beyond the border: shifting white to zero makes them white.
    return warp_image_tps(x - _WHITE, *_spline(x, config, rng)) + _WHITE


def _spline(
    x: Tensor, config: AugmentConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Where a grid of points moves, and the weights of the spline through it."""
    from kornia.geometry.transform import get_tps_transform

    line = torch.linspace(-1, 1, 3, device=x.device)
    grid = torch.cartesian_prod(line, line).expand(len(x), 9, 2)
    moved = grid + 2 * _uniform(rng, x, config.warp, len(x), 9, 2)  # the grid is 2 wide
    return moved, *get_tps_transform(moved, grid)


def _relight(x: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    if not (config.brightness or config.contrast or config.noise):
        return x
    count = len(x)
    contrast = 1 + _uniform(rng, x, config.contrast, count, 1, 1, 1)
    brightness = 2 * _uniform(rng, x, config.brightness, count, 1, 1, 1)  # [0, 1] is 2 wide here
    noise = torch.from_numpy(rng.standard_normal(x.shape, np.float32)) * (2 * config.noise)
    return (x * contrast + brightness + noise.to(x.device)).clamp(-1, 1)

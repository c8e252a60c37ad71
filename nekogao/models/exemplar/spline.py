"""Bending one face onto another: a spline held by three pins, which may also follow the lines.

The flow is a tensor product of cubic B-splines. It minimises the bending energy of a thin plate
(Bookstein 1989), meets the pins, and has no component across the picture's border, so that border
points only slide along it. Following the lines minimises the difference of two clipped distance
transforms by Gauss-Newton steps. The normal equations are sparse: coefficients of a B-spline meet
only their neighbours. They are kept so because threads, which dense products and solvers start,
make systems this small a hundred times slower on a busy machine.

Scipy is imported where it is used, as for patches, so that other families start 0.1 s sooner.

Everything is done in a square of 128; pictures that are not square are stretched onto it, so that
borders are borders there too.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.errors import InputError
from nekogao.models.exemplar.blobs import SIDE, ink
from nekogao.models.exemplar.pins import Pins
from nekogao.sizes import AnySize, Size

Flow = NDArray[np.float32]
"""h w 2, in pixels: what is at x comes from x + flow(x)."""
Lines = NDArray[np.uint8]
"""h w, dark lines on white."""

_CELLS = 10
"""Polynomial pieces of the spline along each side."""
_COUNT = _CELLS + 3
_FIRM = 1e6
"""Weight of pins and border against a bending energy of order 1."""
_STIFF, _SOFT = 10.0, 0.03
"""Weight of the bending energy when the spline begins to follow the lines, and at the end."""
_REACHES = (16.0, 11.0, 8.0, 6.0)
"""Distances, in pixels of 128, at which the transforms are clipped, one Gauss-Newton step each."""
_TOLERANCE = 3.0
"""Differences of distance, in pixels of 128, that count about half (Geman and McClure 1985)."""
_SCALE = 4.0
"""Weight of the mean squared difference of distances, in pixels of 128."""
_DAMPING = 0.02
"""Weight of the mean squared movement of one step, likewise."""
_SMOOTHINGS = 40
"""Smoothings at most, each a little wider than the one before."""
_LEAST, _MOST = 0.15, 7.0
"""Areas that a pixel may cover in the exemplar: a face drawn at half the size has pixels of 4."""


class _Axis(NamedTuple):
    """The B-splines along one side, at positions a pixel of 128 apart."""

    values: Any
    """A sparse array: positions coefficients."""
    products: Any
    """Likewise: positions (coefficients coefficients), the products of any two."""
    mass: NDArray[np.float64]
    """Inner products of the splines; then of their first and second derivatives, per cell."""
    slope: NDArray[np.float64]
    curve: NDArray[np.float64]


def bend(
    held: Pins,
    wanted: Pins,
    size: AnySize,
    freedom: float,
    toward: tuple[Lines, Lines] | None = None,
) -> Flow:
    """The flow from a new source to an exemplar: answer(x) = exemplar(x + flow(x)).

    Nothing is folded, and no point comes from outside the picture.

    Args:
        held: The exemplar's pins, in pixels of `size`, x before y.
        wanted: The new source's pins, likewise.
        size: Of both pictures, 2 pixels a side at least.
        freedom: From 0 to 1. At 0 the flow is 0; up to 0.5 the pins fade in; above, they hold and
            the spline follows the lines ever more closely.
        toward: The lines of the new source and of the exemplar, stretched to squares of any
            size. Without them more freedom than 0.5 is 0.5.

    Raises InputError for pins that are not 3 2 and finite, and for values out of range.
    """
    for name, pins in (("held", held), ("wanted", wanted)):
        if np.shape(pins) != (3, 2) or not np.isfinite(pins).all():
            raise InputError(f"{name}: expected pins of shape 3 2 and finite. Find them anew.")
    size = Size.of(size)
    if size.shorter < 2 or not 0 <= freedom <= 1:
        raise InputError(
            f"size {size.plain}, freedom {freedom}: expected sides from 2 and a freedom from 0 to "
            "1."
        )
    if freedom == 0:
        return np.zeros((*size.shape, 2), np.float32)
    unit = (SIDE - 1) / (np.array(size) - 1)
    places = (np.asarray(wanted, np.float64) * unit).clip(0, SIDE - 1)
    ends = (np.asarray(held, np.float64) * unit).clip(0, SIDE - 1)
    pinned = _pinned(places, min(1.0, 2 * freedom) * (ends - places))
    found = _solved(_bending() + pinned.matrix, pinned.right)
    if toward is not None and freedom > 0.5:
        stiffness = _STIFF * (_SOFT / _STIFF) ** (2 * freedom - 1)
        found = _followed(found, toward, stiffness, pinned)
    across, down = (_axis(side).values for side in size)
    flow = np.stack([down @ found[..., axis] @ across.T for axis in (0, 1)], axis=-1) / unit
    return unfold(flow.astype(np.float32))


def folds(flow: Flow) -> float:
    """The share of pixels, from 0 to 1, that a flow h w 2 turns over or flattens.

    There the determinant of its Jacobian is 0 or less.
    """
    return float((_areas(flow) <= 0).mean())


def unfold(flow: Flow) -> Flow:
    """A flow h w 2 without folds: smoothed where it squeezes or stretches a pixel too much.

    It stays as it was where areas are from 0.15 to 7 and no other place is near. Its component
    across a border that points only slide along stays 0. What still folds after that is drawn
    towards no flow at all.
    """
    flow = np.array(flow, np.float32)
    if min(flow.shape[:2]) < 2:
        return flow
    reach = max(1.0, max(flow.shape[:2]) / SIDE)
    for step in range(_SMOOTHINGS):
        areas = _areas(flow)
        wrong = (areas < _LEAST) | (areas > _MOST)
        if not wrong.any():
            return flow
        sigma = reach * (2 + 0.25 * step)
        near = cv2.dilate(wrong.astype(np.float32), np.ones((2 * round(sigma) + 1,) * 2, np.uint8))
        weight = cv2.GaussianBlur(near, (0, 0), sigma)[..., None]
        flow += weight * (_smooth(flow, sigma) - flow)
    while folds(flow):
        flow *= np.float32(0.9)
    return flow


def _smooth(flow: Flow, sigma: float) -> Flow:
    """Blurred; mirrored about its border's values, so that points slide along a border only."""
    width = max(1, min(round(4 * sigma), *(side - 1 for side in flow.shape[:2])))
    beyond = np.pad(flow, ((width, width), (width, width), (0, 0)), "reflect", reflect_type="odd")
    blurred = cv2.GaussianBlur(beyond, (0, 0), sigma)[width:-width, width:-width]
    return np.asarray(blurred, np.float32)


def _areas(flow: Flow) -> NDArray[np.float32]:
    """The area that each pixel covers in the exemplar: the determinant of the Jacobian."""
    down, right = (np.asarray(np.gradient(flow, axis=axis)) for axis in (0, 1))
    return np.asarray(
        (1 + right[..., 0]) * (1 + down[..., 1]) - right[..., 1] * down[..., 0], np.float32
    )


class _Equations(NamedTuple):
    """Normal equations; coefficients are ordered by row, column, component."""

    matrix: NDArray[np.float64]
    right: NDArray[np.float64]


def _splines(places: NDArray[np.float64], order: int = 0) -> NDArray[np.float64]:
    """Derivatives of the splines at places from 0 to the number of cells: places coefficients."""
    from scipy.interpolate import BSpline

    knots = np.concatenate([[0.0] * 3, np.arange(_CELLS + 1), [float(_CELLS)] * 3])
    return np.asarray(BSpline(knots, np.eye(_COUNT), 3)(places, nu=order))


@lru_cache(maxsize=8)
def _axis(positions: int) -> _Axis:
    from scipy.sparse import csr_array

    places = np.linspace(0, _CELLS, positions)
    values, slopes, curves = (_splines(places, order) for order in (0, 1, 2))
    products = (values[:, :, None] * values[:, None, :]).reshape(positions, -1)
    mass, slope, curve = (each.T @ each / positions for each in (values, slopes, curves))
    return _Axis(csr_array(values), csr_array(products), mass, slope, curve)


@lru_cache(maxsize=1)
def _bending() -> NDArray[np.float64]:
    """The bending energy, averaged over the picture, and the border that only slides."""
    axis = _axis(SIDE)
    energy = np.kron(axis.curve, axis.mass) + np.kron(axis.mass, axis.curve)
    energy += 2 * np.kron(axis.slope, axis.slope)
    matrix = np.kron(energy, np.eye(2))
    across = np.zeros((_COUNT, _COUNT, 2))
    across[:, [0, -1], 0] = across[[0, -1], :, 1] = _FIRM
    return np.asarray(matrix + np.diag(across.ravel()), np.float64)


def _pinned(places: NDArray[np.float64], moves: NDArray[np.float64]) -> _Equations:
    """The pins, as equations that outweigh all others."""
    across, down = (_splines(places[:, axis] * _CELLS / (SIDE - 1)) for axis in (0, 1))
    rows = (down[:, :, None] * across[:, None, :]).reshape(3, -1)
    matrix, right = np.kron(rows.T @ rows, np.eye(2)), (rows.T @ moves).ravel()
    return _Equations(np.asarray(_FIRM * matrix, np.float64), _FIRM * right)


def _solved(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """The coefficients: row column component."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    rows, starts = _pattern()
    columns = np.repeat(np.arange(len(right)), np.diff(starts))
    system = csc_array((matrix[rows, columns], rows, starts), shape=matrix.shape)
    # Symmetric and positive definite, in an order that fills in little: no pivots are needed.
    factors = splu(
        system, permc_spec="NATURAL", diag_pivot_thresh=0, options={"SymmetricMode": True}
    )
    found = factors.solve(right).reshape(_COUNT, _COUNT, 2)
    found[:, [0, -1], 0] = found[[0, -1], :, 1] = 0
    return np.asarray(found)


@lru_cache(maxsize=1)
def _pattern() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows of the entries that may differ from 0, column by column, and where columns begin."""
    apart = np.abs(np.subtract.outer(np.arange(_COUNT), np.arange(_COUNT)))
    near = (apart <= 3).astype(np.uint8)
    columns, rows = np.nonzero(np.kron(np.kron(near, near), np.ones((2, 2))))
    starts = np.searchsorted(columns, np.arange(2 * _COUNT**2 + 1))
    return rows.astype(np.int32), starts.astype(np.int32)


def _followed(
    found: NDArray[np.float64], toward: tuple[Lines, Lines], stiffness: float, pinned: _Equations
) -> NDArray[np.float64]:
    """Gauss-Newton steps from a spline that meets the pins to one that also follows the lines."""
    new, old = (_distances(lines) for lines in toward)
    axis = _axis(SIDE)
    values, products = axis.values, axis.products
    damping = _DAMPING * np.kron(np.kron(axis.mass, axis.mass), np.eye(2))
    fixed = stiffness * _bending() + pinned.matrix + damping
    down, right = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    for reach in _REACHES:
        clipped = cv2.GaussianBlur(np.minimum(old, reach), (0, 0), 1.0)
        flow = [(values @ found[..., c] @ values.T).astype(np.float32) for c in (0, 1)]
        place = right + flow[0], down + flow[1]
        here, *slopes = (
            cv2.remap(each, *place, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for each in (clipped, *np.gradient(clipped)[::-1])
        )
        rest = here - cv2.GaussianBlur(np.minimum(new, reach), (0, 0), 1.0)
        weight = (1 + (rest / _TOLERANCE) ** 2) ** -2 / rest.size
        aim = weight * (slopes[0] * flow[0] + slopes[1] * flow[1] - rest)
        matrix = np.empty((_COUNT, _COUNT, 2, _COUNT, _COUNT, 2))
        for a, b in ((0, 0), (0, 1), (1, 1)):
            block = products.T @ (weight * slopes[a] * slopes[b]) @ products
            block = block.reshape((_COUNT,) * 4).transpose(0, 2, 1, 3)
            matrix[:, :, a, :, :, b] = matrix[:, :, b, :, :, a] = block
        side = np.stack([values.T @ (aim * slope) @ values for slope in slopes], axis=-1)
        side = _SCALE * side.ravel() + pinned.right + damping @ found.ravel()
        found = _solved(fixed + _SCALE * matrix.reshape(fixed.shape), side)
    return found


def _distances(lines: Lines) -> NDArray[np.float32]:
    """The distance of every pixel of a picture 128 wide to the nearest line; large without one."""
    blank = (ink(lines) < 0.4).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(blank, cv2.DIST_L2, 5), np.float32)

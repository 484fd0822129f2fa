"""A small figure of rounded limbs, seen from the side, from a few points and angles: how the drawings of the handouts are made.

Units are arbitrary: a standing figure is about 146 high. x runs to the right, y up from the floor; angles are degrees, 0 to the right,
90 up. A figure that stands faces right; one that lies on its back has its head at the left. Colours are the style sheet's, so that
drawings follow light, dark and print.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import acos, atan2, cos, degrees, hypot, radians, sin
from typing import TypeAlias

THIGH, SHANK, FOOT = 36.0, 34.0, 11.0
UPPER_ARM, FOREARM = 23.0, 22.0
HALF_SPINE, NECK, HEAD = 23.0, 18.0, 9.5

SCALE = 1.5
"""Pixels for one unit, so that all figures of a page are of one size."""

Point: TypeAlias = "tuple[float, float]"


@dataclass(frozen=True, slots=True)
class Reach:
    """A limb whose hand or ankle is at (x, y). `bend` 1: a knee as people bend it, -1: an elbow as people bend it."""

    x: float
    y: float
    bend: int = 1
    toes: float | None = None
    """Where the foot points; None: no foot is drawn (it would be hidden, or is a hand)."""


@dataclass(frozen=True, slots=True)
class Through:
    """A limb that passes through these points, where it comes toward us and so looks short."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Pose:
    """One figure. A far limb is drawn paler, behind; None leaves a limb out where it would lie behind the near one."""

    hip: Point
    spine: tuple[float, float]
    """Directions of the lower and the upper half of the back, from the hip to the neck."""
    head: float
    near_leg: Reach | Through
    far_leg: Reach | Through | None = None
    near_arm: Reach | Through | None = None
    far_arm: Reach | Through | None = None
    nose: float | None = -90
    """Where the face looks, from the head's direction; None: toward us."""
    ghost: bool = False
    """Drawn pale: where the movement begins or ends."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that is no body. `kind` is a class of the style sheet: prop, water, arrow, floor, accent."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What one drawing shows, back to front, and its size."""

    width: int
    height: int
    parts: tuple[Pose | Mark, ...]
    floor: bool = True


def svg(picture: Picture, says: str) -> str:
    """The drawing as an SVG element, with `says` for those who cannot see it."""
    width, height = picture.width, picture.height
    inner = [f'<path class="floor" d="M4 0H{width - 4}"/>'] if picture.floor else []
    inner += [_mark(part) if isinstance(part, Mark) else _figure(part) for part in picture.parts]
    box = f"0 -{height} {width} {height + 6}"
    return (
        f'<svg class="figure" xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width * SCALE:g}" role="img"'
        f' aria-label="{escape(says, quote=True)}"><g transform="scale(1 -1)">{"".join(inner)}</g></svg>'
    )


def arrow(start: Point, via: Point, end: Point) -> Mark:
    """A curved arrow."""
    heading = atan2(end[1] - via[1], end[0] - via[0])
    wings = [(end[0] - 7 * cos(heading + turn), end[1] - 7 * sin(heading + turn)) for turn in (0.5, -0.5)]
    line = f"M{_at(start)}Q{_at(via)} {_at(end)}"
    return Mark("arrow", f"{line}M{_at(wings[0])}L{_at(end)}L{_at(wings[1])}")


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _go(start: Point, angle: float, length: float) -> Point:
    return start[0] + length * cos(radians(angle)), start[1] + length * sin(radians(angle))


def _joint(root: Point, limb: Reach, upper: float, lower: float) -> tuple[Point, Point]:
    """Knee or elbow, and ankle or hand: two links that reach for a point, stretched toward it where it is too far."""
    across, up = limb.x - root[0], limb.y - root[1]
    far = min(max(hypot(across, up), abs(upper - lower) + 0.5), upper + lower - 0.01)
    straight = degrees(atan2(up, across))
    turn = degrees(acos((upper**2 + far**2 - lower**2) / (2 * upper * far)))
    return _go(root, straight + limb.bend * turn, upper), _go(root, straight, far)


def _limb(root: Point, limb: Reach | Through, lengths: Point, kind: str) -> str:
    if isinstance(limb, Through):
        return f'<path class="{kind}" d="M{_at(root)}L{"L".join(map(_at, limb.points))}"/>'
    joint, end = _joint(root, limb, *lengths)
    line = f"M{_at(root)}L{_at(joint)}L{_at(end)}"
    if limb.toes is not None:
        line += f"L{_at(_go(end, limb.toes, FOOT))}"
    return f'<path class="{kind}" d="{line}"/>'


def _figure(pose: Pose) -> str:
    waist = _go(pose.hip, pose.spine[0], HALF_SPINE)
    neck = _go(waist, pose.spine[1], HALF_SPINE)
    shoulder = _go(neck, pose.spine[1], -4)
    bow = tuple(2 * middle - (low + high) / 2 for middle, low, high in zip(waist, pose.hip, shoulder, strict=True))
    head = _go(neck, pose.head, NECK)
    leg, arm = (THIGH, SHANK), (UPPER_ARM, FOREARM)
    drawn: list[str] = []
    drawn += [_limb(pose.hip, pose.far_leg, leg, "limb far")] if pose.far_leg else []
    drawn += [_limb(shoulder, pose.far_arm, arm, "arm far")] if pose.far_arm else []
    drawn.append(f'<path class="neck" d="M{_at(neck)}L{_at(head)}"/>')
    drawn.append(f'<circle class="head" cx="{head[0]:.1f}" cy="{head[1]:.1f}" r="{HEAD}"/>')
    if pose.nose is not None:
        nose = _go(head, pose.head + pose.nose, HEAD)
        drawn.append(f'<circle class="head" cx="{nose[0]:.1f}" cy="{nose[1]:.1f}" r="2.6"/>')
    drawn.append(f'<path class="trunk" d="M{_at(pose.hip)}Q{bow[0]:.1f} {bow[1]:.1f} {_at(shoulder)}"/>')
    drawn.append(_limb(pose.hip, pose.near_leg, leg, "limb"))
    drawn += [_limb(shoulder, pose.near_arm, arm, "arm")] if pose.near_arm else []
    return f'<g class="{"body ghost" if pose.ghost else "body"}">{"".join(drawn)}</g>'


def _mark(mark: Mark) -> str:
    return f'<path class="{mark.kind}" d="{mark.path}"/>'


def circle(kind: str, center: Point, radius: float) -> Mark:
    """A ring, such as a wheel."""
    x, y = center
    return Mark(kind, f"M{x - radius:g} {y:g}a{radius:g} {radius:g} 0 1 0 {2 * radius:g} 0a{radius:g} {radius:g} 0 1 0 {-2 * radius:g} 0")

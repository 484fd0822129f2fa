"""Every drawing by name, and which drawing a step has. A step that is no exercise has none, and says so here.

Coordinates are those of `drawing`: the floor is y = 0. A new drawing is a row here and a line of words in each language's file.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from exercise_cds.web.handouts.drawing import Mark, Picture, Pose, Reach, Through, arrow, circle

Limb: TypeAlias = "Reach | Through"
Limbs: TypeAlias = "dict[str, Any]"
"""Limbs by the field of `Pose` that they are."""
_FLAT = 0.0
"""A foot that points to the right, flat on the floor."""
_CHAIR = Mark("prop", "M34 0V78M34 30H70M68 30V0")
_CHAIR_BESIDE = Mark("prop", "M184 0V78M184 30H220M218 30V0")
_FROM_ABOVE = (Mark("neck", "M62 51H46"), Mark("round", "M33.5 51a9.5 9.5 0 1 0 19 0a9.5 9.5 0 1 0 -19 0"))
"""Head and neck of somebody who lies on the back, the head at the left, seen from above."""
_SURFACE = "M4 96q9 4 18 0t18 0t18 0t18 0t18 0t18 0t18 0t18 0t18 0"
_POOL = (Mark("water", "M4 0V96H166V0Z"), Mark("wave", _SURFACE))


def _on_back(**limbs: Limb) -> Pose:
    """On the back with bent knees and the arms beside, unless said otherwise."""
    whole: Limbs = {"near_leg": Reach(152, 5, toes=_FLAT), "far_leg": Reach(147, 5, toes=_FLAT), "near_arm": Reach(111, 5)}
    return Pose((108, 9), (180, 180), 180, **{**whole, **limbs})


def _on_all_fours(x: float, spine: tuple[float, float], head: float, **limbs: Limb) -> Pose:
    """On hands and knees, the hips over `x`, the head at the right."""
    whole: Limbs = {
        "near_leg": Reach(x - 34, 5, toes=180),
        "far_leg": Reach(x - 38, 5, toes=180),
        "near_arm": Reach(x + 43, 4, -1),
        "far_arm": Reach(x + 48, 4, -1),
    }
    return Pose((x, 41), spine, head, **{**whole, **limbs})


def _standing(x: float, **limbs: Limb) -> Pose:
    whole: Limbs = {"near_leg": Reach(x + 1, 5, toes=_FLAT), "far_leg": Reach(x - 3, 5, toes=_FLAT), "near_arm": Reach(x + 4, 74, -1)}
    return Pose((x, 75), (90, 90), 90, **{**whole, **limbs})


def _sitting(spine: tuple[float, float], head: float, *, x: float = 50, ghost: bool = False, **limbs: Limb) -> Pose:
    """On a chair, the hips over `x`."""
    whole: Limbs = {"near_leg": Reach(x + 38, 5, toes=_FLAT), "far_leg": Reach(x + 34, 5, toes=_FLAT)}
    return Pose((x, 40), spine, head, **{**whole, **limbs}, ghost=ghost)


def _walking(x: float) -> Pose:
    return Pose(
        (x, 73),
        (86, 86),
        86,
        near_leg=Reach(x + 26, 6, toes=12),
        far_leg=Reach(x - 24, 11, toes=-40),
        near_arm=Reach(x - 16, 84, -1),
        far_arm=Reach(x + 26, 92, -1),
    )


def _prone(spine: tuple[float, float], head: float, near_arm: Limb) -> Pose:
    """On the belly, the head at the right."""
    return Pose((84, 9), spine, head, near_leg=Reach(15, 6, toes=188), near_arm=near_arm)


PICTURES: dict[str, Picture] = {
    "walk": Picture(140, 152, (_walking(58), arrow((98, 122), (110, 122), (126, 122)))),
    "stand-easy": Picture(
        110, 176, (_standing(46, near_arm=Reach(53, 164, -1), far_arm=Reach(42, 164, -1)), arrow((82, 112), (82, 126), (82, 148)))
    ),
    "wall-hamstring": Picture(
        196,
        88,
        (
            _on_back(far_leg=Reach(178, 6, toes=84), near_leg=Reach(148, 68, toes=150)),
            Mark("prop", "M154 0V86"),
            arrow((116, 60), (120, 70), (128, 78)),
        ),
    ),
    "knee-to-chest": Picture(
        176,
        66,
        (
            _on_back(far_leg=Reach(150, 5, toes=_FLAT), near_leg=Reach(112, 36, toes=-10), near_arm=Reach(91, 36, 1)),
            arrow((124, 58), (108, 66), (92, 56)),
        ),
    ),
    "both-knees-to-chest": Picture(
        176,
        66,
        (
            _on_back(
                far_leg=Reach(117, 33, toes=-10), near_leg=Reach(112, 36, toes=-10), near_arm=Reach(91, 36, 1), far_arm=Reach(94, 38, 1)
            ),
            arrow((124, 58), (108, 66), (92, 56)),
        ),
    ),
    "figure-four": Picture(
        200,
        104,
        (
            *_FROM_ABOVE,
            Mark("limb far", "M110 43L134 40L172 40L172 48"),
            Mark("limb", "M110 59L139 86L137 40L136 28"),
            Mark("trunk wide", "M68 51H108"),
            Mark("arm", "M72 39L100 26L127 33M72 63L98 70L126 48"),
            arrow((176, 16), (158, 6), (132, 10)),
        ),
        floor=False,
    ),
    "cat-camel": Picture(
        320,
        74,
        (
            _on_all_fours(66, (42, -24), -62),
            arrow((88, 58), (88, 64), (88, 73)),
            _on_all_fours(222, (-22, 36), 30),
            arrow((246, 60), (246, 54), (246, 44)),
        ),
    ),
    "knees-side-to-side": Picture(
        200,
        100,
        (
            Mark("arm", "M72 50L80 22L98 12M72 50L80 78L98 88"),
            Mark("neck", "M62 50H46"),
            Mark("round", "M33.5 50a9.5 9.5 0 1 0 19 0a9.5 9.5 0 1 0 -19 0"),
            Mark("limb ghost", "M110 54L140 78L166 56M110 46L136 66L164 46"),
            Mark("limb", "M110 54L136 34L164 54M110 46L140 22L166 44"),
            Mark("trunk wide", "M68 50H108"),
            arrow((176, 88), (196, 50), (176, 12)),
        ),
        floor=False,
    ),
    "flatten-back": Picture(176, 62, (_on_back(), arrow((90, 52), (90, 40), (90, 24)))),
    "rock-pelvis": Picture(176, 62, (_on_back(), arrow((104, 50), (92, 50), (84, 26)), arrow((112, 24), (124, 38), (118, 50)))),
    "brace": Picture(
        176,
        62,
        (
            _on_back(near_arm=Reach(97, 19, 1), far_arm=Reach(93, 19, 1)),
            arrow((100, 54), (100, 46), (100, 28)),
        ),
    ),
    "dead-bug": Picture(
        200,
        70,
        (
            _on_back(
                near_leg=Reach(176, 22, toes=100), far_leg=Reach(142, 44, toes=85), near_arm=Reach(68, 54, 1), far_arm=Reach(24, 20, -1)
            ),
            arrow((172, 54), (180, 48), (182, 38)),
            arrow((36, 52), (28, 46), (24, 34)),
        ),
    ),
    "bird-dog": Picture(
        186,
        84,
        (
            _on_all_fours(84, (6, 6), 8, near_leg=Reach(15, 46, toes=250), far_arm=Reach(171, 58, -1)),
            arrow((38, 62), (26, 64), (12, 64)),
            arrow((146, 74), (158, 76), (174, 74)),
        ),
    ),
    "bridge": Picture(
        176,
        66,
        (
            Pose(
                (112, 33), (210, 210), 184, near_leg=Reach(150, 5, toes=_FLAT), far_leg=Reach(145, 5, toes=_FLAT), near_arm=Reach(118, 4, 1)
            ),
            arrow((104, 46), (104, 54), (104, 65)),
        ),
    ),
    "side-plank": Picture(
        176,
        74,
        (
            Pose(
                (104, 27),
                (164, 164),
                166,
                nose=None,
                near_leg=Through(((138, 8), (152, 6))),
                far_leg=Through(((134, 10), (160, 7), (168, 8))),
                near_arm=Through(((63, 5), (50, 5))),
                far_arm=Reach(101, 36, 1),
            ),
            arrow((112, 44), (112, 52), (112, 64)),
        ),
    ),
    "curl-up": Picture(
        200,
        62,
        (
            Pose(
                (108, 9),
                (180, 152),
                152,
                near_leg=Reach(152, 5, toes=_FLAT),
                far_leg=Reach(178, 6, toes=84),
                near_arm=Through(((74, 4), (96, 3))),
            ),
            arrow((34, 26), (34, 36), (40, 48)),
        ),
    ),
    "lift-chest": Picture(170, 58, (_prone((4, 17), 12, near_arm=Reach(80, 11, -1)), arrow((160, 22), (162, 32), (158, 46)))),
    "lie-on-belly": Picture(170, 40, (_prone((0, 0), 14, near_arm=Through(((138, 4), (152, 3)))),)),
    "up-on-elbows": Picture(
        170, 62, (_prone((12, 40), 62, near_arm=Through(((117, 4), (139, 4)))), arrow((150, 26), (152, 38), (148, 52)))
    ),
    "press-up": Picture(160, 82, (_prone((34, 70), 78, near_arm=Reach(116, 4, -1)), arrow((140, 36), (144, 52), (138, 68)))),
    "bend-back": Picture(
        120,
        170,
        (
            Pose((64, 74), (98, 124), 122, near_leg=Reach(60, 5, toes=_FLAT), far_leg=Reach(56, 5, toes=_FLAT), near_arm=Reach(58, 76, -1)),
            arrow((80, 142), (70, 162), (40, 162)),
        ),
    ),
    "stand-up": Picture(
        140,
        152,
        (
            _CHAIR,
            _sitting((82, 82), 80, ghost=True, near_arm=Reach(76, 52, -1)),
            _standing(86),
            arrow((46, 112), (48, 128), (62, 138)),
        ),
    ),
    "sit-ankle-over-knee": Picture(
        300,
        122,
        (
            Mark("prop", "M42 84V0M90 84V0M42 34H90"),
            Mark("neck", "M66 88V104"),
            Mark("round", "M56.5 106a9.5 9.5 0 1 0 19 0a9.5 9.5 0 1 0 -19 0"),
            Mark("trunk wide", "M66 50V80"),
            Mark("limb far", "M76 42L84 40L84 5L88 5"),
            Mark("limb", "M56 42L27 59L85 49L93 53"),
            Mark("arm", "M52 84L36 74L33 62M80 84L95 69L80 55"),
            _CHAIR_BESIDE,
            _sitting(
                (58, 58),
                56,
                x=200,
                near_leg=Through(((224, 31), (242, 46), (253, 44))),
                far_leg=Reach(238, 5, toes=_FLAT),
                near_arm=Reach(236, 48, -1),
            ),
            arrow((222, 112), (238, 114), (254, 100)),
        ),
    ),
    "sit-bend-forward": Picture(
        140, 100, (_CHAIR, _sitting((42, -6), -38, near_arm=Reach(98, 8, -1)), arrow((66, 92), (88, 94), (106, 78)))
    ),
    "bike": Picture(
        156,
        142,
        (
            circle("prop", (118, 24), 19),
            Mark("prop", "M48 2H142M60 60L82 24M50 62H70M118 24L112 84M104 90L120 84M82 24L84 2M82 24H118"),
            Pose(
                (60, 70),
                (66, 58),
                66,
                near_leg=Reach(88, 12, toes=-8),
                far_leg=Reach(78, 36, toes=-8),
                near_arm=Reach(115, 90, -1),
                far_arm=Reach(113, 92, -1),
            ),
        ),
    ),
    "water-walk": Picture(
        170, 152, (_walking(66), *_POOL, arrow((112, 122), (122, 122), (138, 122)), arrow((40, 122), (30, 122), (14, 122)))
    ),
    "water-leg-raise": Picture(
        170,
        152,
        (
            Mark("prop", "M4 104H166"),
            Pose((80, 75), (90, 90), 90, near_leg=Reach(122, 28, toes=30), far_leg=Reach(80, 5, toes=_FLAT), far_arm=Reach(118, 104, -1)),
            Pose((80, 75), (90, 90), 90, near_leg=Reach(38, 26, toes=-70), ghost=True),
            *_POOL,
            arrow((104, 12), (118, 10), (134, 16)),
            arrow((60, 12), (46, 10), (32, 14)),
        ),
    ),
    "water-wall-stretch": Picture(
        170,
        152,
        (
            Mark("prop", "M152 0V140M140 98H152"),
            Pose((96, 50), (98, 86), 84, near_leg=Reach(144, 34, toes=78), far_leg=Reach(144, 30, toes=78), near_arm=Reach(140, 99, 1)),
            *_POOL,
            arrow((70, 80), (60, 74), (52, 62)),
        ),
    ),
    "water-knee": Picture(
        170,
        152,
        (
            Mark("prop", "M4 104H166"),
            _standing(76, near_leg=Reach(98, 48, toes=-20), near_arm=Reach(104, 84, -1), far_arm=Reach(48, 104, 1)),
            *_POOL,
            arrow((126, 60), (132, 76), (122, 88)),
        ),
    ),
}

PICTURE_OF = {
    "abdominal-brace": "brace",
    "bend-back-standing": "bend-back",
    "bend-forward-sitting": "sit-bend-forward",
    "bird-dog": "bird-dog",
    "bridge": "bridge",
    "buttock-stretch": "sit-ankle-over-knee",
    "cat-camel": "cat-camel",
    "cool-down": "stand-easy",
    "curl-up": "curl-up",
    "dead-bug": "dead-bug",
    "ease-the-leg": "walk",
    "figure-four": "figure-four",
    "knee-sway": "knees-side-to-side",
    "knee-to-chest": "knee-to-chest",
    "knee-to-chest-in-water": "water-knee",
    "knees-to-chest": "both-knees-to-chest",
    "leg-raises": "water-leg-raise",
    "lie-prone": "lie-on-belly",
    "low-back-extension": "lift-chest",
    "other-direction": "both-knees-to-chest",
    "pelvic-rock": "rock-pelvis",
    "pelvic-tilt": "flatten-back",
    "press-up": "press-up",
    "prone-on-elbows": "up-on-elbows",
    "ride-leaning-forward": "bike",
    "short-walk": "walk",
    "side-plank": "side-plank",
    "sit-to-stand": "stand-up",
    "steady": "walk",
    "walk-a-little": "walk",
    "wall-hamstring": "wall-hamstring",
    "wall-stretch": "water-wall-stretch",
    "warm-up": "walk",
    "water-walking": "water-walk",
}
"""Step id -> drawing. Programs share steps, and steps of one name are one exercise."""

NO_EXERCISE = frozenset({"assessment", "instruction", "keep-going", "no-bed-rest", "pace", "review"})
"""Steps that are advice or a visit: nothing to draw."""

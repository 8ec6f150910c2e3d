"""Puzzles, animals and games."""

from __future__ import annotations

from .colour import darker, lighter
from .scene import ground, stand
from .surface import cloth, wood
from .svg import Canvas, Look, box, curve, oval, pt
from .toys import ball, wheel

BEECH = "#dcb98c"


def animal(c: Canvas, look: Look) -> None:
    """A pull-along animal: duck, dog, whale or hedgehog."""
    stand(c, look.main)
    m, a = look.main, look.accent
    ground(c, 310, 488, 180, 22)
    forms = (
        [
            (150, 330),
            (130, 300),
            (160, 262),
            (186, 206),
            (240, 196),
            (272, 232),
            (270, 300),
            (340, 322),
            (420, 300),
            (470, 270),
            (462, 370),
            (400, 432),
            (240, 436),
            (180, 396),
            (180, 340),
            (150, 330),
        ],
        [
            (110, 300),
            (130, 258),
            (180, 226),
            (226, 236),
            (260, 300),
            (400, 300),
            (450, 240),
            (470, 250),
            (450, 330),
            (446, 436),
            (380, 436),
            (360, 380),
            (260, 380),
            (250, 436),
            (190, 436),
            (190, 352),
            (130, 346),
            (110, 300),
        ],
        [
            (110, 380),
            (120, 310),
            (200, 270),
            (320, 276),
            (400, 330),
            (440, 300),
            (430, 240),
            (466, 268),
            (510, 240),
            (494, 310),
            (450, 380),
            (380, 432),
            (200, 436),
            (110, 380),
        ],
        [
            (110, 400),
            (150, 350),
            (190, 280),
            (290, 240),
            (400, 262),
            (470, 340),
            (480, 420),
            (420, 436),
            (200, 436),
            (150, 424),
            (110, 400),
        ],
    )
    d = curve(forms[look.shape]) + "Z"
    wood(c, box(120, 432, 370, 22, 11), BEECH)
    c.path(d, darker(m, 0.45), transform="translate(9 -6)")
    wood(c, d, m)
    c.path(
        d, c.radial((0, "#fff", 0.3), (0.6, "#fff", 0), (1, "#2b2029", 0.25), at=(0.35, 0.3), r=0.8)
    )
    eyes = ((214, 232), (182, 272), (170, 326), (176, 366))
    if look.shape == 0:
        c.path("M150 268Q110 262 96 282Q120 300 154 292Z", "#d98a3a")
        c.path(
            curve([(300, 350), (380, 330), (430, 330), (400, 390), (320, 396), (300, 350)]) + "Z", a
        )
    elif look.shape == 1:
        c.path(
            curve([(214, 240), (250, 260), (246, 330), (222, 336), (206, 290), (214, 240)]) + "Z",
            darker(a, 0.15),
        )
        c.path(oval(112, 294, 15, 12), "#3a2f2e")
    elif look.shape == 2:
        with c.clip(d):
            c.path("M90 380Q240 372 400 440H90Z", a)
        c.stroke("M230 262q-6 -40 -30 -44M234 262q2 -40 30 -46", "#8fb3c4", 7)
    else:
        with c.clip(d):
            c.path(
                curve([(196, 440), (206, 320), (260, 236), (420, 230), (520, 330), (520, 440)])
                + "Z",
                a,
            )
            c.stroke(
                "".join(
                    f"M{pt(230 + (i % 8) * 32 + (i // 8) * 12, 290 + (i // 8) * 44)}l16 -16"
                    for i in range(32)
                ),
                lighter(a, 0.4),
                5,
                op=0.7,
            )
        ball(c, 112, 400, 12, "#3a2f2e")
    x, y = eyes[look.shape]
    c.path(oval(x, y, 10, 10), "#fffaf0")
    c.dots([(x - 1, y + 1)], "#2a2024", 11)
    for wx in (180, 426):
        wheel(c, wx, 456, 32, a if look.shape != 2 else darker(m, 0.3))
    c.stroke("M122 444Q70 450 60 486Q56 506 84 504", "#b08d57", 4)
    ball(c, 92, 502, 13, a)


def soft_toy(c: Canvas, look: Look) -> None:
    """A sitting bear, rabbit, fox or elephant in cloth."""
    stand(c, look.main)
    m, a = look.main, look.accent
    ground(c, 300, 492, 140, 26)

    def puff(d: str, colour: str, pattern: str = "knit") -> None:
        cloth(c, d, colour, pattern, darker(colour, 0.3))
        c.path(
            d,
            c.radial(
                (0, "#fff", 0.36), (0.5, "#fff", 0), (1, "#2b2029", 0.36), at=(0.36, 0.28), r=0.78
            ),
        )

    ears = (
        oval(228, 176, 38, 38) + oval(372, 176, 38, 38),
        oval(254, 112, 27, 88) + oval(346, 112, 27, 88),
        "M206 210L214 104L288 166ZM394 210L386 104L312 166Z",
        oval(186, 230, 62, 74) + oval(414, 230, 62, 74),
    )[look.shape]
    puff(oval(212, 396, 34, 62) + oval(388, 396, 34, 62), m)
    puff(oval(300, 408, 104, 96), m)
    puff(oval(300, 420, 62, 62), a if look.pattern == "dip" else lighter(m, 0.3), "plain")
    puff(oval(222, 470, 52, 36) + oval(378, 470, 52, 36), m)
    puff(ears, m)
    puff(oval(300, 238, 106, 94), m)
    snout = lighter(m, 0.45)
    if look.shape == 3:
        trunk = (
            curve(
                [
                    (278, 250),
                    (274, 320),
                    (296, 360),
                    (330, 352),
                    (330, 334),
                    (306, 334),
                    (316, 300),
                    (322, 250),
                    (278, 250),
                ]
            )
            + "Z"
        )
        puff(trunk, m)
    else:
        puff(oval(300, 270, 46, 34), snout, "plain")
        c.path("M284 256Q300 248 316 256Q312 274 300 276Q288 274 284 256Z", "#3a2f2e")
        c.stroke("M300 276v12m-16 6q10 8 16 -2q6 10 16 2", "#3a2f2e", 3.5)
    c.dots([(258, 226), (342, 226)], "#2a2024", 17)
    c.dots([(255, 222), (339, 222)], "#fff", 5)
    scarf = "M220 316Q300 352 380 316L386 340Q300 378 214 340Z"
    cloth(c, scarf + "M342 350l30 76h-40l-16 -70z", a, look.pattern, m)
    c.path(scarf, c.linear((0, "#fff", 0.25), (1, "#2b2029", 0.3)))

"""The kind `measurement`: units, plausible ranges, words, and how far a value has fallen."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from builders.facts import derive, fact
from builders.resources import component, observation
from exercise_cds.facts.units import convert, ucum
from exercise_cds.model.facts import Bounds, Fact, Known, NotRecorded

TEMPERATURE = fact(
    "measurement", "temperature", codes=["loinc|8310-5"], within=7, unit="Cel", valid=(30.0, 45.0), says="newest temperature"
)
BMI = fact("measurement", "bmi", codes=["loinc|39156-5"], within=365, unit="kg/m2", valid=(10.0, 100.0))
PREGNANT = fact(
    "measurement",
    "pregnancy_status",
    codes=["loinc|82810-3"],
    within=300,
    answers={"loinc|LA15173-0": "pregnant", "loinc|LA26683-5": "not-pregnant"},
)
WEIGHT_LOSS = fact("measurement", "weight_loss", codes=["loinc|29463-7"], within=180, drop_over=365, unit="%", valid=(20.0, 400.0))
TOTAL = fact("measurement", "phq9", codes=["loinc|44261-6"], within=180, unit="{score}", valid=(0.0, 27.0))


def value(found: Fact) -> object:
    """The value, or None where there is none."""
    assert isinstance(found, Known | NotRecorded)
    return found.value if isinstance(found, Known) else None


@pytest.mark.parametrize(
    ("charted", "unit", "expected"),
    [
        (38.0, "Cel", 38.0),
        (37.9, "Cel", 37.9),
        (38.0, "°C", 38.0),
        (100.4, "[degF]", 38.0),
        (100.4, "degF", 38.0),
        (100.4, "F", 38.0),
        (98.6, "[degF]", 37.0),
        (86, "[degF]", 30.0),
        (113, "[degF]", 45.0),
        (113.1, "[degF]", None),
        (311.15, "K", 38.0),
        (30.0, "Cel", 30.0),
        (29.9, "Cel", None),
        (45.0, "Cel", 45.0),
        (45.1, "Cel", None),
        (380, "Cel", None),
        (38, None, 38.0),
        (30, None, 30.0),
        (45, None, 45.0),
        (29.9, None, None),
        (98.6, None, None),
        (38, "kg", None),
        (38, "moons", None),
    ],
)
def test_temperatures_are_brought_to_celsius(charted: float, unit: str | None, expected: float | None) -> None:
    """100.4 degrees Fahrenheit are 38 exactly; outside 30 to 45 is no temperature; without a unit only 30 to 45 is Celsius."""
    assert value(derive(TEMPERATURE, observation("loinc|8310-5", charted, unit=unit))) == expected


def test_the_code_of_a_unit_is_believed_before_its_words() -> None:
    """A Quantity coded [degF] is Fahrenheit whatever its unit text says; where the code is unknown the text decides."""
    coded = {"value": 100.4, "unit": "degrees", "system": "http://unitsofmeasure.org", "code": "[degF]"}
    local = {"value": 100.4, "unit": "°F", "system": "http://example.org/units", "code": "TF"}
    for quantity in (coded, local):
        assert value(derive(TEMPERATURE, observation("loinc|8310-5", valueQuantity=quantity))) == 38.0


@pytest.mark.parametrize("unit", ["kg/m2", "kg/m^2", "kg/m²"])
def test_a_body_mass_index_is_read_in_every_spelling(unit: str) -> None:
    """A body mass index of 40 is 40 in each of its spellings, and without a unit it is none."""
    assert value(derive(BMI, observation("loinc|39156-5", 40, unit=unit))) == 40
    assert value(derive(BMI, observation("loinc|39156-5", 40))) is None


@pytest.mark.parametrize(("charted", "unit", "target", "expected"), [
    ("154", "[lb_av]", "kg", Fraction("69.85322498")),
    ("70", "kg", "[lb_av]", Fraction(7000000000, 45359237)),
    ("16", "[oz_av]", "[lb_av]", Fraction(1)),
    ("180", "cm", "m", Fraction("1.8")),
    ("70", "kg", "m", None),
    ("70", "mm[Hg]", "mm[Hg]", Fraction(70)),
    ("70", "mm[Hg]", "kg", None),
])  # fmt: skip
def test_conversion_is_exact(charted: str, unit: str, target: str, expected: Fraction | None) -> None:
    """Conversion loses nothing, and things that do not measure the same are not converted."""
    assert convert(Decimal(charted), unit, target) == expected


@pytest.mark.parametrize(
    ("written", "code"),
    [("lbs", "[lb_av]"), (" KG ", "kg"), ("{annotation}", "1"), (None, "1"), ("Level", "1"), ("mm[Hg]", "mm[Hg]"), ("M", "M")],
)
def test_spellings_of_units_become_ucum(written: str | None, code: str) -> None:
    """What charts write becomes the UCUM code; what is not known stays as it stands."""
    assert ucum(written) == code


def test_a_total_score_has_any_annotation_or_none() -> None:
    """A questionnaire's total is a bare number: {score}, {total}, 1 or nothing, and never kilograms."""
    for unit in ("{score}", "{total}", "1", None):
        assert value(derive(TOTAL, observation("loinc|44261-6", 10, unit=unit))) == 10
    assert value(derive(TOTAL, observation("loinc|44261-6", 10, unit="kg"))) is None
    assert value(derive(TOTAL, observation("loinc|44261-6", 28))) is None


@pytest.mark.parametrize(("ago", "expected"), [(0, 38.5), (7, 38.5), (8, None)])
def test_the_window_includes_its_last_day(ago: int, expected: float | None) -> None:
    """A temperature of 7 days ago counts in a window of 7 days, one of 8 does not."""
    assert value(derive(TEMPERATURE, observation("loinc|8310-5", 38.5, unit="Cel", dated=ago))) == expected


def test_an_implausible_newer_value_is_skipped_and_said() -> None:
    """A temperature of 380 does not hide the 38.5 of yesterday."""
    found = derive(
        TEMPERATURE, observation("loinc|8310-5", 380, unit="Cel"), observation("loinc|8310-5", 38.5, unit="Cel", dated=1, id="o2")
    )
    assert value(found) == 38.5
    assert isinstance(found, Known)
    assert found.remarks == ('a value of 2026-03-02 ("380 Cel") was left out: it is outside 30 to 45',)


def test_below_and_above_are_bounds() -> None:
    """A temperature charted as "> 40" is at least 40, one charted as "< 35" at most 35."""
    above = derive(TEMPERATURE, observation("loinc|8310-5", valueQuantity={"value": 40, "code": "Cel", "comparator": ">"}))
    below = derive(TEMPERATURE, observation("loinc|8310-5", valueQuantity={"value": 35, "code": "Cel", "comparator": "<"}))
    assert isinstance(above, Bounds)
    assert isinstance(below, Bounds)
    assert (above.least, above.most, below.least, below.most) == (40, None, None, 35)


@pytest.mark.parametrize(
    ("answer", "expected"), [("loinc|LA15173-0", "pregnant"), ("loinc|LA26683-5", "not-pregnant"), ("loinc|LA4489-6", None)]
)
def test_an_answer_becomes_the_authors_word(answer: str, expected: str | None) -> None:
    """A coded answer is the word that the author gave its code; an unknown code is none."""
    assert value(derive(PREGNANT, observation("loinc|82810-3", answer))) == expected


def test_a_number_is_no_word_and_yes_is_one() -> None:
    """Where words are expected a number is left out; a yes of the chart is the word "yes" where the author has that word."""
    assert value(derive(PREGNANT, observation("loinc|82810-3", 1))) is None
    assert value(derive(PREGNANT, observation("loinc|82810-3", valueBoolean=True))) is None
    assert value(derive(TEMPERATURE, observation("loinc|8310-5", valueBoolean=True))) is None
    numb = fact("measurement", codes=["loinc|11111-5"], within=30, answers={"loinc|LA33-6": "yes", "loinc|LA32-8": "no"})
    assert value(derive(numb, observation("loinc|11111-5", valueBoolean=True))) == "yes"
    assert value(derive(numb, observation("loinc|11111-5", valueBoolean=False))) == "no"


def test_of_two_words_of_one_time_the_authors_first_is_taken() -> None:
    """Pregnant and not pregnant at one instant: the author's first word is taken, whatever the order of entries, and it is said."""
    both = [observation("loinc|82810-3", "loinc|LA26683-5"), observation("loinc|82810-3", "loinc|LA15173-0", id="o2")]
    for order in (both, both[::-1]):
        found = derive(PREGNANT, *order)
        assert value(found) == "pregnant"
        assert isinstance(found, Known)
        assert "several values of the same time" in found.remarks[0]


def weight(kilograms: float, ago: int, unit: str = "kg") -> Any:
    """A body weight."""
    return observation("loinc|29463-7", kilograms, unit=unit, dated=ago, id=f"w{ago}")


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([(80, 200, "kg"), (76, 0, "kg")], 5),
        ([(80, 200, "kg"), (76.1, 0, "kg")], 4.875),
        ([(80, 365, "kg"), (76, 0, "kg")], 5),
        ([(80, 366, "kg"), (76, 0, "kg")], None),
        ([(154, 200, "[lb_av]"), (146.3, 0, "[lb_av]")], 5),
        ([(100, 200, "kg"), (209.4391, 0, "[lb_av]")], 5),
        ([(70, 300, "kg"), (80, 200, "kg"), (76, 0, "kg")], 5),
        ([(70, 200, "kg"), (76, 0, "kg")], 0),
        ([(76, 0, "kg")], None),
        ([(80, 300, "kg"), (76, 181, "kg")], None),
        ([(80, 300, "kg"), (76, 180, "kg")], 5),
        ([(800, 200, "kg"), (80, 100, "kg"), (76, 0, "kg")], 5),
        ([(80, 200, "stone"), (76, 0, "kg")], None),
    ],
)
def test_a_drop_is_counted_from_the_highest_value(weights: list[tuple[float, int, str]], expected: float | None) -> None:
    """The drop in percent runs from the highest weight of the time to the newest, in any units; a gain is 0, one weight tells nothing."""
    found = value(derive(WEIGHT_LOSS, *(weight(*one) for one in weights)))
    assert found == (pytest.approx(expected, abs=1e-3) if expected is not None else None)


def test_a_drop_of_five_percent_is_five() -> None:
    """Five percent of pounds are 5 and no less, so that "at least 5" holds."""
    found = derive(WEIGHT_LOSS, weight(154, 200, "[lb_av]"), weight(146.3, 0, "[lb_av]"))
    assert value(found) == 5.0
    assert isinstance(found, Known)
    assert [piece.remark for piece in found.evidence] == ["", "the highest"]


@pytest.mark.parametrize("charted", [1e300, -1e300, 1e16])
def test_a_number_beyond_all_measure_is_left_out(charted: float) -> None:
    """A weight of 10 to the 300 pounds is no weight, and breaks nothing."""
    weight_now = fact("measurement", "weight", codes=["loinc|29463-7"], within=30, unit="kg")
    for unit in ("kg", "[lb_av]"):
        assert value(derive(weight_now, observation("loinc|29463-7", charted, unit=unit))) is None


def test_a_value_within_a_panel_counts() -> None:
    """A temperature among the components of vital signs is a temperature."""
    panel = observation("loinc|85353-1", component=[component("loinc|8310-5", 38.2, unit="Cel")])
    assert value(derive(TEMPERATURE, panel)) == 38.2

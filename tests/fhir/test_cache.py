"""The functions of fhir_core that are answered faster give the library's own answers."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from builders.reading import PLAN, resource
from exercise_cds.fhir import cache
from exercise_cds.fhir.intern import _kept, concept
from exercise_cds.fhir.models import FASTER, model_of
from exercise_cds.fhir.warm import _RICH


def outcome(function: Any, model: Any, data: Any) -> Any:
    """What a null check answers: the data, or where it refuses and why."""
    try:
        return function(model, data)
    except ValidationError as refused:
        return [(error["loc"], error["type"], error["msg"]) for error in refused.errors()]


def test_the_models_use_it() -> None:
    """With the version of fhir_core that was looked at, the faster function is in place in models imported afterwards."""
    assert FASTER is (version("fhir-core") == cache.UNDERSTOOD)
    used = model_of("Condition").build.__pydantic_decorators__.model_validators["reject_null_complex_elements"].func
    assert (used.__func__ is cache._reject_null_complex_elements) is FASTER
    for name in ("_validate_one_of_many", "_validate_required_primitive_elements"):
        assert (getattr(model_of("Condition").build, name) is getattr(cache, name)) is FASTER


@pytest.mark.parametrize("type_", sorted(PLAN.elements))
def test_it_answers_as_the_library_does(type_: str) -> None:
    """For every element of every type that facts read: the value itself, null, a list with a null in it, and what is no object."""
    build = model_of(type_).build
    samples: list[Any] = [None, "x", [], {}, *(resource(type_, **elements) for elements in _RICH[type_])]
    for name in sorted(model_of(type_).names):
        samples += [{name: value} for value in (None, [None], [{}, None], [], ["x", None], {"x": [None]}, "x")]
    for data in samples:
        assert outcome(cache._reject_null_complex_elements, build, data) == outcome(cache._original, build, data)


def verdict(function: Any, made: Any) -> Any:
    """What a look at a made object answers: nothing, or why it refuses."""
    try:
        return function(made)
    except ValidationError as refused:
        return [(error["loc"], error["type"], error["msg"]) for error in refused.errors()]
    except ValueError as refused:
        return str(refused)


@pytest.mark.parametrize(
    "type_", [*sorted(PLAN.elements), "ObservationComponent", "DosageDoseAndRate", "Dosage", "CodeableConcept", "Quantity"]
)
def test_choices_and_required_primitives_are_refused_alike(type_: str) -> None:
    """For every element of every type, alone and beside every other of its choice, with and without the required ones."""
    build = get_fhir_model_class(type_)
    blank = build.model_construct()
    names = [name for found in blank.get_one_of_many_fields().values() for name in found]
    needed = [blank.get_alias_mapping()[name] for name, _ in blank.get_required_fields()]
    full = dict.fromkeys(needed, "x")
    samples: list[dict[str, Any]] = [{}, full, *({**full, name: "x"} for name in names)]
    samples += [{**full, one: "x", other: "x"} for one in names for other in names]
    samples += [{name: text for name, text in full.items() if name != left} for left in needed]
    samples += [{**full, left: None, f"{left}__ext": {"extension": [{"url": "x"}]}} for left in needed]
    for values in samples:
        made = build.model_construct(**values)
        assert verdict(cache._validate_one_of_many, made) == verdict(cache._original_choices, made)
        assert verdict(cache._validate_required_primitive_elements, made) == verdict(cache._original_required, made)


def test_another_version_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fhir_core that nobody looked at keeps its own function."""
    before = cache.FHIRAbstractModel.__dict__["reject_null_complex_elements"]
    monkeypatch.setattr(cache, "UNDERSTOOD", "0.0")
    assert cache.mend() is False
    assert cache.FHIRAbstractModel.__dict__["reject_null_complex_elements"] is before


def test_vocabulary_is_kept_and_words_are_not() -> None:
    """A concept whose text is one of its displays is validated once; one with the patient's own words each time, and never kept."""
    coding = b'{"coding":[{"system":"http://s.example","code":"1","display":"Sciatica"}]%s}'
    for vocabulary in (coding % b"", coding % b',"text":"Sciatica"'):
        assert concept(vocabulary, "x") is concept(vocabulary, "x")
        assert vocabulary in _kept
    for own in (coding % b',"text":"Pat says it hurts"', coding % b',"id":"a"', b'{"text":"it hurts"}', b'{"coding":[{"extension":[]}]}'):
        concept(own, "x")
        assert own not in _kept
    assert concept(b'{"coding":[{"foo":1}]}', "x") is None

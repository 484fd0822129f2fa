"""Three costly functions of fhir_core, answered faster: the only place where a library is changed from outside.

fhir_core 1.1 asks, for every object that it validates, every field of the object's model whether it is a list of objects, in order
to refuse a null inside such a list. That is a third of the time of reading a Condition (55 microseconds, 38 without), and the answers
stand in a cache of 1,024 fields, which overflows once many resource types are read. Here the names of those lists are kept per model,
and the library's own function is called whenever one of them holds a null: what is refused, and with which words, is the same.

After it has made an object it looks whether each choice (`value[x]`) was taken once and each required primitive is there, asking anew each
time which these are. Here that is known per model, and the library's own function is called whenever anything is amiss.

With any other version of fhir_core nothing is changed: reading is slower then, and right. To take effect this module must be imported
before the first model, because a model takes over its parents' functions when it is made; `models.py` sees to it.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fhir_core import fhirabstractmodel
from fhir_core.fhirabstractmodel import FHIRAbstractModel

UNDERSTOOD = "1.1.12"
"""The version whose functions were read and measured (tests/fhir/test_cache.py compares the two)."""

_original = getattr(getattr(FHIRAbstractModel, "reject_null_complex_elements", None), "__func__", None)
"""The library's own function; None in a version that has none."""
_lists: dict[type, frozenset[str]] = {}


def _lists_of_objects(model: Any) -> frozenset[str]:
    """The names, by field and by alias, of a model's lists of objects."""
    names = {
        spelling
        for name, field in model.model_fields.items()
        if fhirabstractmodel.is_list_type(field) and not fhirabstractmodel.is_primitive_type(field) and not name.endswith("__ext")
        for spelling in (name, field.alias or name)
    }
    return _lists.setdefault(model, frozenset(names))


def _reject_null_complex_elements(cls: Any, data: Any) -> Any:
    """What the library's function of this name does: hands the data on, or raises where a list of objects holds a null."""
    if isinstance(data, dict):
        lists = _lists.get(cls)
        for name in (_lists_of_objects(cls) if lists is None else lists).intersection(data):
            value = data[name]
            if isinstance(value, list) and any(item is None for item in value) and _original is not None:
                return _original(cls, data)
    return data


_original_choices = getattr(FHIRAbstractModel, "_validate_one_of_many", None)
_original_required = getattr(FHIRAbstractModel, "_validate_required_primitive_elements", None)
_choices: dict[type, tuple[tuple[tuple[str, ...], bool], ...]] = {}
"""By model: the names of each choice, and whether one of them must be there."""
_required: dict[type, tuple[str, ...]] = {}


def _choices_of(model: Any) -> tuple[tuple[tuple[str, ...], bool], ...]:
    blank, fields = model.model_construct(), model.model_fields
    made = tuple(
        (tuple(names), fields[names[0]].json_schema_extra["one_of_many_required"] is True)
        for names in blank.get_one_of_many_fields().values()
    )
    return _choices.setdefault(model, made)


def _validate_one_of_many(self: Any) -> None:
    """What the library's function of this name does: raises unless of each choice one is there, or none where none is needed."""
    model, values = type(self), self.__dict__
    choices = _choices.get(model)
    for names, needed in _choices_of(model) if choices is None else choices:
        found = 0
        for name in names:
            if values.get(name) is not None:
                found += 1
        if (found > 1 or (needed and not found)) and _original_choices is not None:
            _original_choices(self)
            return


def _required_of(model: Any) -> tuple[str, ...]:
    blank = model.model_construct()
    spellings = blank.get_alias_mapping()
    return _required.setdefault(model, tuple(spellings[name] for name, _ in blank.get_required_fields()))


def _validate_required_primitive_elements(self: Any) -> None:
    """What the library's function of this name does: raises where a required primitive is missing, and no extension says why."""
    model, values = type(self), self.__dict__
    required = _required.get(model)
    for name in _required_of(model) if required is None else required:
        if values.get(name) is None and _original_required is not None:
            _original_required(self)
            return


def mend() -> bool:
    """Put the faster functions in place; False, and nothing done, with a version of fhir_core that was not looked at."""
    if version("fhir-core") != UNDERSTOOD:
        return False
    FHIRAbstractModel.reject_null_complex_elements = classmethod(_reject_null_complex_elements)
    FHIRAbstractModel._validate_one_of_many = _validate_one_of_many  # noqa: SLF001 - what is mended
    FHIRAbstractModel._validate_required_primitive_elements = _validate_required_primitive_elements  # noqa: SLF001 - what is mended
    return True


MENDED = mend()

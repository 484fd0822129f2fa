"""One costly function of fhir_core, answered faster: the only place where a library is changed from outside.

fhir_core 1.1 asks, for every object that it validates, every field of the object's model whether it is a list of objects, in order
to refuse a null inside such a list. That is a third of the time of reading a Condition (55 microseconds, 38 without), and the answers
stand in a cache of 1,024 fields, which overflows once many resource types are read. Here the names of those lists are kept per model,
and the library's own function is called whenever one of them holds a null: what is refused, and with which words, is the same.

With any other version of fhir_core nothing is changed: reading is slower then, and right. To take effect this module must be imported
before the first model, because a model takes over its parents' functions when it is made; `models.py` sees to it.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fhir_core import fhirabstractmodel
from fhir_core.fhirabstractmodel import FHIRAbstractModel

UNDERSTOOD = "1.1.12"
"""The version whose function was read and measured (tests/fhir/test_cache.py compares the two)."""

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


def mend() -> bool:
    """Put the faster function in place; False, and nothing done, with a version of fhir_core that was not looked at."""
    if version("fhir-core") != UNDERSTOOD:
        return False
    FHIRAbstractModel.reject_null_complex_elements = classmethod(_reject_null_complex_elements)
    return True


MENDED = mend()

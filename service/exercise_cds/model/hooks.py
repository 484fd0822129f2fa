"""The table of hooks that we serve: what each one's context must hold (CH-040 to CH-047). A hook is one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Hook:
    """One published hook: its definition's version, required context fields, and where drafts stand.

    `bundles` are context fields that hold a Bundle of resources; `users` the types that `userId` may refer to.
    """

    name: str
    version: str
    required: frozenset[str]
    optional: frozenset[str]
    users: frozenset[str]
    bundles: frozenset[str] = frozenset()
    drafts: str = ""
    """The context field with the drafted orders, or ""."""
    selections: str = ""
    """The context field that narrows the drafts to those just chosen (CH-046), or ""."""


_CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})
_ANYBODY = _CLINICIANS | {"Patient", "RelatedPerson"}

HOOKS: Mapping[str, Hook] = MappingProxyType({hook.name: hook for hook in (
    Hook("patient-view", "1.0", frozenset({"userId", "patientId"}), frozenset({"encounterId"}), _ANYBODY),
    Hook("order-select", "1.0", frozenset({"userId", "patientId", "selections", "draftOrders"}), frozenset({"encounterId"}),
         _CLINICIANS, frozenset({"draftOrders"}), drafts="draftOrders", selections="selections"),
    Hook("order-sign", "1.0", frozenset({"userId", "patientId", "draftOrders"}), frozenset({"encounterId"}),
         _CLINICIANS, frozenset({"draftOrders"}), drafts="draftOrders"),
)})  # fmt: skip

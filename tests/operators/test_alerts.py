"""Alerts, runbook and dashboard speak of metrics that exist, and of each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from exercise_cds.security import REASONS
from exercise_cds.web.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "helm" / "exercise-cds" / "files"
RUNBOOK = ROOT / "docs" / "operators" / "runbook.md"


def _alerts() -> list[dict[str, Any]]:
    groups = YAML(typ="safe").load(FILES / "alerts.yaml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _exported() -> set[str]:
    metrics = Metrics()
    names = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
    for family in (*metrics.registry.collect(), *metrics.decision_log.describe()):
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        names |= {f"{family.name}{ending}" for ending in endings}
    return names


def _named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:exercise_cds|process)_[a-z_]+", text))


def test_alerts_ask_for_what_is_exported() -> None:
    """Every metric in an alert's expression is one that the service exports, under that very name."""
    for alert in _alerts():
        assert _named(alert["expr"]), alert["alert"]
        assert _named(alert["expr"]) <= _exported(), alert["alert"]


def test_the_dashboard_shows_what_is_exported() -> None:
    """Every metric on the dashboard is exported, and nearly every metric of ours is on it."""
    dashboard = json.loads((FILES / "dashboards" / "exercise-cds.json").read_text("utf-8"))
    shown = _named(" ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"]))
    assert shown <= _exported()
    ours = {name.removesuffix("_bucket") for name in _exported() if name.startswith("exercise") and not name.endswith(("_count", "_sum"))}
    missing = ours - {name.removesuffix("_bucket") for name in shown}
    assert missing <= {"exercise_cds_odd_hook_instances_total", "exercise_cds_decision_log_written_total"}, missing


def test_every_alert_has_its_page() -> None:
    """Each alert links to a section of the runbook: what it means, where to look, what to do; and no section is of no alert."""
    sections = re.split(r"^## ", RUNBOOK.read_text("utf-8"), flags=re.MULTILINE)[1:]
    by_name = {section.split("\n", 1)[0]: section for section in sections}
    assert set(by_name) == {alert["alert"] for alert in _alerts()}
    for alert in _alerts():
        assert all(word in by_name[alert["alert"]] for word in ("**Means:**", "**Look:**", "**Do:**"))
        assert alert["annotations"]["runbook"] == f"docs/operators/runbook.md#{alert['alert'].lower()}"


def test_the_alert_on_tokens_names_real_reasons() -> None:
    """Every reason in the alert on refused tokens is one of the guard's; a missing token, a malformed one and replay are not its affair."""
    alert = next(one for one in _alerts() if one["alert"] == "ExerciseCdsTokensRefused")
    named = set(re.findall(r'reason=~"([^"]+)"', alert["expr"])[0].split("|"))
    assert named == set(REASONS) - {"no-token", "malformed", "replayed"}


def test_every_alert_fires_in_a_test() -> None:
    """Each alert stands in the unit tests that promtool runs."""
    tests = (Path(__file__).parent / "alerts_test.yaml").read_text("utf-8")
    assert all(alert["alert"] in tests for alert in _alerts())

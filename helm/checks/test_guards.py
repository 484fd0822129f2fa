"""Every guard of the chart has a unit test."""

from __future__ import annotations

import re

import yaml
from renders import CHART

GUARDS = (CHART / "templates" / "_validate.tpl").read_text(encoding="utf-8")
SUITE = yaml.safe_load((CHART / "tests" / "guards_test.yaml").read_text(encoding="utf-8"))


def _sentences() -> list[str]:
    """The words of each guard before what it fills in."""
    said = re.findall(r'append \$faults (?:\(printf )?"((?:[^"\\]|\\.)*)"', GUARDS)
    return [re.split(r"%[dsv]", sentence)[0].replace('\\"', '"') for sentence in said]


def test_every_guard_is_tried() -> None:
    """For each sentence there is a test that expects its first words."""
    expected = " ".join(
        part["failedTemplate"]["errorPattern"] for test in SUITE["tests"] for part in test["asserts"] if part.get("failedTemplate")
    )
    sentences = _sentences()
    assert len(sentences) == GUARDS.count("append $faults")
    untried = [sentence for sentence in sentences if sentence[:28] not in expected]
    # a sentence that begins with what it fills in has its own words behind
    assert not [sentence for sentence in untried if sentence]

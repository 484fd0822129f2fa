"""The pause file: what it may say, and that whatever cannot be understood pauses everything."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercise_cds import rulepack
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import NO_PAUSE, PAUSE_RULE, Pause, paused, read_pause

ROOT = Path(__file__).resolve().parents[2]


@cache
def shipped() -> RulePack:
    """The shipped pack."""
    pack = rulepack.load(ROOT / "rules" / "low-back-pain").pack
    assert pack is not None
    return pack


def _read(text: str) -> Pause:
    return read_pause(text.encode(), "pause.yaml", shipped())


def test_what_a_pause_file_may_say() -> None:
    """All, nothing, or services, rules and programs by name; no file is no pause."""
    assert read_pause(None, "pause.yaml", shipped()) == NO_PAUSE
    assert _read("paused: nothing") == NO_PAUSE
    assert _read("paused: all") == Pause(everything=True)
    named = _read("because: under review\npaused:\n  services: [low-back-pain-orders]\n  rules: [pregnancy]\n  programs: [aquatic]\n")
    assert named == Pause(services=frozenset({"low-back-pain-orders"}), rules=frozenset({"pregnancy"}), programs=frozenset({"aquatic"}))


BROKEN = [
    "", "paused:", "paused: some", "paused: {rules: [no-such-rule]}", "paused: {services: [x]}", "paused: {programs: [x]}",
    "paused: {rule: [pregnancy]}", "paused: {rules: pregnancy}", "{", "paused: nothing\npaused: all", "pausd: all", "- paused",
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_what_cannot_be_understood_pauses_everything(text: str) -> None:
    """A misspelt name, a wrong key, an empty or broken file: everything is paused, and a finding says where the mistake is."""
    pause = _read(text)
    assert pause.everything
    assert pause.findings
    assert all(finding.where.file == "pause.yaml" for finding in pause.findings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("paused: some", "pause.yaml:1:9: bad-value: 'paused' cannot be 'some' (one of: all, nothing)"),
        ("paused: [aquatic]", "pause.yaml:1:9: bad-value: 'paused' cannot be a list (one of: all, nothing)"),
        ("paused: {rules: pregnancy}", "pause.yaml:1:17: wrong-type: 'rules' must be a list, not a text (write a list)"),
        ("paused: {rule: [a]}", "pause.yaml:1:10: unknown-key: unknown key 'rule' (did you mean 'rules'?)"),
    ],
)
def test_a_mistake_is_said_in_the_files_own_words(text: str, said: str) -> None:
    """One mistake is one sentence, at its own place, without a name from our code."""
    assert [str(finding) for finding in _read(text).findings] == [said]


@given(st.binary(max_size=200))
def test_any_bytes_pause_everything_or_are_understood(content: bytes) -> None:
    """Whatever the bytes: no exception, and with a finding everything is paused."""
    pause = read_pause(content, "pause.yaml", shipped())
    assert pause.everything or not pause.findings


def test_a_paused_withholding_pauses_what_it_guards() -> None:
    """Pausing a rule that withholds programs, or steps by their load, pauses every program of which it could take something."""
    pack = shipped()
    whole = paused(pack, Pause(rules=frozenset({"pregnancy"})))
    rule = next(rule for rule in pack.rules if rule.id == "pregnancy")
    loads = frozenset().union(*(one.loads for one in rule.withholds))
    guarded = {name for one in rule.withholds for name in one.programs}
    guarded |= {name for name, program in pack.programs.items() if any(step.loads & loads for step in program.steps)}
    assert guarded
    assert guarded <= whole.paused.programs
    assert whole.rules[-1].id == PAUSE_RULE


def test_a_pause_has_a_digest_of_its_own() -> None:
    """Two pauses of one pack, and no pause, are told apart by digest; the same pause has the same digest; the version says +paused."""
    pack = shipped()
    pauses = [Pause(programs=frozenset({"aquatic"})), Pause(rules=frozenset({"pregnancy"})), Pause(everything=True)]
    made = [paused(pack, pause) for pause in pauses]
    assert len({pack.digest, *(one.digest for one in made)}) == 4
    assert paused(pack, pauses[0]).digest == made[0].digest
    assert {one.version for one in made} == {f"{pack.version}+paused"}
    assert paused(pack, NO_PAUSE) is pack


def test_everything_paused_is_every_service() -> None:
    """`paused: all` names every service of the pack."""
    assert paused(shipped(), Pause(everything=True)).paused.services == frozenset(shipped().services)

"""The one door to durable-rules 2.0.28: conditions go in, the numbers of those that are true come out.

It is used through its C module, without `Host`: no timer, no thread, no action of ours runs inside it, and a fork finds nothing to
repair. What the engine cannot be trusted with is kept from it by `corset` (widths) and `flat_fact` (types, texts). What is kept here:
one evaluation is one fact under a session id that nobody else holds, and the fact is retracted whatever happens.

Session ids come from a small pool and never from input: the engine compares them by a 32-bit hash, and more than 1,024 kill the
process. Each id is opened with a probe that fires once, because deleting an id that never ran an action frees an uninitialised
pointer. An id that saw an error is deleted, not used again. A fact has always the same id of its own: were one ever left behind, the
engine would refuse the next as a duplicate (an error here), instead of keeping two patients' facts side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Lock

import durable_rules_engine as rules

from exercise_cds.engine.corset import PROBE, Laced, Shard, lace
from exercise_cds.engine.flat_fact import FlatFact
from exercise_cds.model.facts import Facts
from exercise_cds.model.tree import Node

SESSIONS = 64
"""Evaluations that may be under way at once in one rule set; more wait. Far below the 1,024 that the engine survives."""
_MATCHED = 0
_NOTHING_MATCHED = 1
_PATIENCE = 5.0
"""Seconds that `close` waits for an evaluation to end, and a waiting evaluation between two looks at whether all was closed."""


class DurableFailed(Exception):
    """durable-rules raised, or answered what it must not. `cause` is the class name of what it raised; no values (law 7)."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"durable-rules failed: {cause}")
        self.cause = cause


class EngineClosed(RuntimeError):
    """A pack was asked after `close`: the reference to it should have been swapped first."""


class _RuleSet:
    """One shard inside the engine, and the session ids that are open there."""

    def __init__(self, shard: Shard) -> None:
        self.facts = shard.facts
        self._reports = shard.reports
        self._handle: int = rules.create_ruleset("shard", shard.definition)
        self._idle: SimpleQueue[str] = SimpleQueue()
        self._making = Lock()
        self._unused = [f"s{number}" for number in reversed(range(SESSIONS))]
        self._open = 0
        self._closed = False

    def true_conditions(self, members: str, into: set[int]) -> None:
        """Evaluate one flat fact, given as JSON members each after a comma; numbers of true conditions are added to `into`."""
        session = self._take()
        clean = False
        try:
            result, state = rules.assert_fact(self._handle, f'{{"sid":"{session}","id":"f","q":1{members}}}')
            if result == _MATCHED:
                try:
                    started = rules.start_action_for_state(self._handle, state)
                    answer = started[1] if started else None
                    while answer:
                        into.add(self._reports[answer[2]])  # an answer begins {"X": and X is the rule's one letter
                        answer = rules.complete_and_start_action(self._handle, state)
                finally:
                    rules.retract_fact(self._handle, f'{{"sid":"{session}","id":"f"}}')
            elif result != _NOTHING_MATCHED:
                raise DurableFailed(f"result {result}")
            clean = True
        finally:
            if clean:
                self._idle.put(session)
            else:
                self._drop(session)

    def _take(self) -> str:
        """A session id that nobody else holds."""
        try:
            return self._idle.get_nowait()
        except Empty:
            pass
        with self._making:
            if self._closed:
                raise EngineClosed("this rule pack was closed")
            if self._unused:
                return self._make()
        while True:
            try:
                return self._idle.get(timeout=_PATIENCE)
            except Empty:
                if self._closed:
                    raise EngineClosed("this rule pack was closed") from None

    def _make(self) -> str:
        """Open a session id. One with which the probe does not fire is tried again last."""
        session = self._unused.pop()
        try:
            self._probe(session)
        except BaseException:
            self._unused.insert(0, session)
            raise
        self._open += 1
        return session

    def _probe(self, session: str) -> None:
        """Use a new session id once: the probe must fire, alone, and be gone again."""
        result, state = rules.assert_fact(self._handle, f'{{"sid":"{session}","id":"f","p":1}}')
        started = rules.start_action_for_state(self._handle, state) if result == _MATCHED else None
        if not started or started[1][2] != PROBE or rules.complete_and_start_action(self._handle, state):
            raise DurableFailed("the probe did not fire")
        rules.retract_fact(self._handle, f'{{"sid":"{session}","id":"f"}}')

    def _drop(self, session: str) -> None:
        """Delete a session id that saw an error, and all that it holds; its name may be opened anew."""
        with self._making:
            rules.delete_state(self._handle, session)
            self._open -= 1
            self._unused.append(session)

    def close(self) -> None:
        """Free the rule set once every evaluation under way has ended. One that never ends (a lost thread) leaves it unfreed."""
        with self._making:
            if self._closed:
                return
            self._closed = True
        while self._open:
            try:
                session = self._idle.get(timeout=_PATIENCE)
            except Empty:
                if self._open:
                    return
            else:
                self._drop(session)
        rules.delete_ruleset(self._handle)


class Durable:
    """A plan's conditions inside durable-rules. Safe to call from many threads at once."""

    def __init__(self, conditions: Sequence[Node]) -> None:
        """Compile. Raises DurableFailed where the engine refuses a rule set, which the corset is there to prevent."""
        laced: Laced = lace(conditions)
        self._conditions = len(conditions)
        self._split = laced.split
        self._flat_fact = FlatFact(laced.spellings)
        try:
            self._rule_sets = [_RuleSet(shard) for shard in laced.shards]
        except rules.error as refused:
            raise DurableFailed(_class_name(refused)) from refused

    def true_conditions(self, facts: Facts) -> set[int]:
        """The numbers of the conditions that are true. Raises DurableFailed; FactMissing and FactOfWrongType for bugs of ours."""
        shares = self._flat_fact.shares(facts)
        found: set[int] = set()
        try:
            for rule_set in self._rule_sets:
                rule_set.true_conditions("".join([shares[fact] for fact in rule_set.facts]), found)
        except (rules.error, MemoryError, KeyError) as failure:  # KeyError: it named a rule that it was not given
            raise DurableFailed(_class_name(failure)) from failure
        return self._joined(found) if self._split else found

    def _joined(self, reported: set[int]) -> set[int]:
        """The true conditions, where some were split: their parts' own numbers are left out."""
        split = {number for number, joint in self._split.items() if joint.holds(reported)}
        return {number for number in reported if number < self._conditions and number not in self._split} | split

    def close(self) -> None:
        """Free the rule sets; waits for evaluations under way."""
        for rule_set in self._rule_sets:
            rule_set.close()


def _class_name(failure: BaseException) -> str:
    return f"{type(failure).__module__}.{type(failure).__qualname__}".removeprefix("builtins.")

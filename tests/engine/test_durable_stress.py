"""durable-rules under load: threads, hot reload, errors, forks, memory. Each of these went wrong outside the corset."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import durable_rules_engine
import pytest

from builders.packs import SERVICE, all_of, any_of, at_least, card, equals, offer, pack, rule, yes
from builders.random_packs import random_facts, random_node, random_pack
from exercise_cds.engine import Engine, EngineClosed, corset
from exercise_cds.engine.conditions import plain
from exercise_cds.engine.durable import SESSIONS, Durable, DurableFailed
from exercise_cds.model.facts import Fact, Known
from exercise_cds.model.pack import RulePack

THREADS = 8
TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads are switched every ten microseconds."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(former)


def ladder() -> RulePack:
    """A pack whose fired rules spell the patient's number: forty thresholds, and one rule for each of forty exact values."""
    rungs = [rule(f"at-least-{number}", at_least("number", number), offers=[offer("walking")]) for number in range(40)]
    exact = [rule(f"is-{number}", equals("number", number), says=card()) for number in range(40)]
    return pack(*rungs, *exact)


def spelled(number: int) -> set[str]:
    """The rules of the ladder that fire for a number."""
    return {f"at-least-{rung}" for rung in range(number + 1)} | {f"is-{number}"}


def run(workers: list[Callable[[], None]]) -> None:
    """Run each worker in a thread of its own to its end; the first failure is raised here."""
    failures: list[BaseException] = []

    def guarded(worker: Callable[[], None]) -> None:
        try:
            worker()
        except BaseException as failure:  # noqa: BLE001  (whatever ends a thread is handed to the test)
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.usefixtures("restless")
def test_eight_threads_never_see_each_others_patients_while_packs_are_swapped() -> None:
    """Every thread asks about numbers of its own; meanwhile the pack is compiled anew, swapped and freed. No answer is another's."""
    made = ladder()
    serving = [Engine(made)]
    answered = [0] * THREADS
    busy = threading.Event()
    swaps = 0

    def ask(thread: int) -> Callable[[], None]:
        random = Random(thread)  # noqa: S311  (a seed tells a failure again)

        def worker() -> None:
            while answered[thread] < 2500:
                number = random.randrange(40)
                try:
                    decision = serving[0].decide(SERVICE, {"number": Known(float(number))})
                except EngineClosed:
                    continue
                assert set(decision.fired) == spelled(number)
                assert not decision.disagreement
                answered[thread] += 1

        return worker

    def reload() -> None:
        nonlocal swaps
        while not busy.wait(0.005):
            former, serving[0] = serving[0], Engine(made)
            former.close()
            swaps += 1

    reloading = threading.Thread(target=reload)
    reloading.start()
    try:
        run([ask(thread) for thread in range(THREADS)])
    finally:
        busy.set()
        reloading.join()
    serving[0].close()
    assert answered == [2500] * THREADS
    assert swaps > 5


FINDINGS = [f"finding_{number}" for number in range(60)]
EVERYTHING: dict[str, Fact] = dict.fromkeys(FINDINGS, Known(True))
NOTHING: dict[str, Fact] = dict.fromkeys(FINDINGS, Known(False))
HEAD = 45


@pytest.fixture
def overfull(monkeypatch: pytest.MonkeyPatch) -> Iterator[Durable]:
    """One rule set outside the corset: sixty findings alone, and one of them with any of thirty others.

    With EVERYTHING the engine's stack overflows (error 303) in the middle, when some rules have fired and the fact is stored.
    """
    monkeypatch.setattr(corset, "MOST_QUESTIONS", 1000)
    monkeypatch.setattr(corset, "MOST_STACKED", 1000)
    monkeypatch.setattr(corset, "MOST_RULES", 62)
    head = all_of(yes(FINDINGS[HEAD]), any_of(*map(yes, FINDINGS[:30])))
    durable = Durable([plain(condition) for condition in (*map(yes, FINDINGS), head)])
    assert len(durable._rule_sets) == 1
    yield durable
    durable.close()


@pytest.mark.usefixtures("restless")
def test_errors_in_one_thread_never_reach_another(overfull: Durable) -> None:
    """Half of the threads make the engine fail again and again, half-way; the others get the right answer every time."""

    def fail() -> None:
        for _ in range(400):
            with pytest.raises(DurableFailed, match="error"):
                overfull.true_conditions(EVERYTHING)

    def succeed(thread: int) -> Callable[[], None]:
        random = Random(thread)  # noqa: S311  (a seed tells a failure again)

        def worker() -> None:
            for _ in range(1500):
                mine = {HEAD, random.randrange(60), random.randrange(60)}
                found = overfull.true_conditions(NOTHING | {FINDINGS[finding]: Known(True) for finding in mine})
                assert found == mine | ({60} if min(mine) < 30 else set())

        return worker

    run([fail] * 4 + [succeed(thread) for thread in range(4)])


def test_a_whole_pool_of_sessions_is_waited_for_and_closing_waits_too() -> None:
    """When every session id is in use the next evaluation waits for one; `close` waits for those under way, then refuses."""
    durable = Durable([plain(yes("x"))])
    (rule_set,) = durable._rule_sets
    taken = [rule_set._take() for _ in range(SESSIONS)]
    assert len(set(taken)) == SESSIONS
    answers: list[set[int]] = []
    asking = threading.Thread(target=lambda: answers.append(durable.true_conditions({"x": Known(True)})))
    asking.start()
    asking.join(0.1)
    assert not answers
    rule_set._idle.put(taken.pop())
    asking.join()
    assert answers == [{0}]
    closing = threading.Thread(target=durable.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    for session in taken:
        rule_set._idle.put(session)
    closing.join()
    with pytest.raises(EngineClosed):
        durable.true_conditions({"x": Known(True)})
    durable.close()


def test_a_fact_that_was_left_behind_is_never_evaluated_with_another() -> None:
    """If a fact of another patient still stands under a session id, the evaluation fails, the id is given up, and the next one is right."""
    durable = Durable([plain(yes("x")), plain(yes("y"))])
    (rule_set,) = durable._rule_sets
    assert durable.true_conditions({"x": Known(False), "y": Known(True)}) == {1}
    left_behind = f'{{"sid":"s0","id":"f","q":1{"".join(durable._flat_fact.shares({"x": Known(True), "y": Known(False)}))}}}'
    assert durable_rules_engine.assert_fact(rule_set._handle, left_behind)[0] == 0
    with pytest.raises(DurableFailed, match="result 2"):
        durable.true_conditions({"x": Known(False), "y": Known(True)})
    assert durable.true_conditions({"x": Known(False), "y": Known(True)}) == {1}
    durable.close()


def test_an_engine_that_opens_no_session_fails_every_time_and_never_hangs() -> None:
    """A rule set that is lost inside the engine fails at once, however often it is asked, and works again when it is back."""
    durable = Durable([plain(yes("x"))])
    (rule_set,) = durable._rule_sets
    handle, rule_set._handle = rule_set._handle, 131_000
    for _ in range(3 * SESSIONS):
        with pytest.raises(DurableFailed):
            durable.true_conditions({"x": Known(True)})
    rule_set._handle = handle
    assert durable.true_conditions({"x": Known(True)}) == {0}
    durable.close()


def test_a_rule_that_nobody_wrote_is_a_failure_of_the_engine() -> None:
    """If durable-rules names a rule that it was not given, that is its failure and not a true condition."""
    durable = Durable([plain(yes("x"))])
    durable._rule_sets[0]._reports = {}
    with pytest.raises(DurableFailed, match="KeyError"):
        durable.true_conditions({"x": Known(True)})
    durable.close()


def test_forked_children_decide_as_their_parent() -> None:
    """A compiled pack survives a fork: four children and their parent decide five hundred charts alike."""
    paths = os.pathsep.join(str(path) for path in (TESTS.parent / "service", TESTS))
    done = subprocess.run(
        [sys.executable, str(TESTS / "engine" / "forked.py")],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def resident() -> int:
    """The memory that this process holds, in KiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def grown_by(work: Callable[[], None]) -> int:
    """How many KiB the process grows by while the work is done a second time."""
    work()
    before = resident()
    work()
    return resident() - before


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc, which only Linux has")
class TestMemory:
    """Resident memory is flat: what an evaluation, an error or a reload takes, it gives back."""

    def test_over_a_hundred_thousand_evaluations(self) -> None:
        """A hundred thousand evaluations of many conditions grow the process by less than 1 MiB."""
        random = Random(1)  # noqa: S311  (a seed tells a failure again)
        durable = Durable([plain(random_node(random, 3)) for _ in range(20)])
        charts = [random_facts(random) for _ in range(100)]

        def work() -> None:
            for _ in range(500):
                for chart in charts:
                    durable.true_conditions(chart)

        assert grown_by(work) < 1024
        durable.close()

    def test_over_many_reloads(self) -> None:
        """Compiling, asking and freeing a pack of thirty rules sixty times more grows the process by less than 2 MiB."""
        random = Random(2)  # noqa: S311  (a seed tells a failure again)
        made = random_pack(random, rules=30)
        chart = random_facts(random)

        def work() -> None:
            for _ in range(60):
                with Engine(made) as engine:
                    engine.decide(SERVICE, chart)

        assert grown_by(work) < 2 * 1024

    def test_over_two_thousand_engine_errors(self, overfull: Durable) -> None:
        """Session ids that saw an error are freed and made anew: a thousand errors more grow the process by less than 1 MiB."""

        def work() -> None:
            for _ in range(1000):
                with pytest.raises(DurableFailed):
                    overfull.true_conditions(EVERYTHING)

        assert grown_by(work) < 1024

"""From counts to tables: which rows, in which order. Every table of the report is one function in `TABLES`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from exercise_cds.records.reports import drafts
from exercise_cds.records.reports.numbers import percentile
from exercise_cds.records.reports.table import Row, Table
from exercise_cds.records.reports.tally import PROGRAM_CARD, Judged, Place, Tally
from exercise_cds.records.schema import STAGES

PROGRAM_CARD_TITLE = "(program card)"
_WEEKS_FROM = 93
"""Days: a longer period is shown by weeks."""
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Counts:
    """What every table is made from: the tally, the titles of rules and programs, and the limit below which counts are hidden."""

    tally: Tally
    titles: Mapping[str, str]
    below: int

    def rule(self, rule: str) -> tuple[str, str]:
        """Id and title of a rule; the program card has a name of its own."""
        if rule == PROGRAM_CARD:
            return PROGRAM_CARD_TITLE, "Offers of all rules"
        return rule, self.titles.get(rule, "")


def titles(tally: Tally) -> dict[str, str]:
    """Titles of rules and programs, the newest listing's words."""
    found: dict[str, str] = {}
    for digest in sorted(tally.listings, key=lambda each: tally.digest_days.get(each, (0, 0))):
        found |= tally.listings[digest].rules | tally.listings[digest].programs
    return found


def day_text(day: int) -> str:
    """A UTC day since 1970 as ISO 8601."""
    return (_FIRST_DAY + timedelta(days=day)).isoformat()


def _judged(judged: Judged) -> dict[str, int]:
    return {"returned": judged.returned, "accepted": judged.accepted, "overridden": judged.overridden, "without": judged.silent}


def _place(place: Place) -> dict[str, int]:
    return {"answers": place.answers} | _judged(place.cards)


def _all_cards(tally: Tally) -> dict[str, Judged]:
    """Cards by rule, over all packs."""
    found: dict[str, Judged] = {}
    for by_rule in tally.cards.values():
        for rule, judged in by_rule.items():
            sums = found.setdefault(rule, Judged())
            sums.returned += judged.returned
            sums.accepted += judged.accepted
            sums.overridden += judged.overridden
            sums.acceptable = sums.acceptable or judged.acceptable
    return found


def _all_fired(tally: Tally) -> Counter[str]:
    return sum(tally.fired.values(), Counter())


def _programs(counts: Counts) -> Table:
    rows = [
        Row(
            (program, counts.titles.get(program, "")),
            {
                "returned": fate.returned,
                "accepted": fate.accepted,
                "not_chosen": fate.passed_over,
                "overridden": fate.overridden,
                "without": fate.silent,
            },
        )
        for program, fate in sorted(counts.tally.programs.items(), key=lambda item: (-item[1].returned, item[0]))
    ]
    return drafts.PROGRAMS.fill(rows, counts.below)


def _cards(counts: Counts) -> Table:
    cards = sorted(_all_cards(counts.tally).items(), key=lambda item: (-item[1].returned, item[0]))
    rows = [Row(counts.rule(rule), _judged(judged), () if judged.acceptable else ("accepted_share",)) for rule, judged in cards]
    return drafts.OWN_CARDS.fill(rows, counts.below)


def _rules(counts: Counts) -> Table:
    rows = [
        Row(counts.rule(rule), {"fired": fired} | _judged(counts.tally.behind.get(rule, Judged())))
        for rule, fired in sorted(_all_fired(counts.tally).items(), key=lambda item: (-item[1], item[0]))
    ]
    return drafts.RULES.fill(rows, counts.below)


def _disputed(counts: Counts) -> Table:
    own = [(rule, "its own", judged) for rule, judged in _all_cards(counts.tally).items() if rule != PROGRAM_CARD]
    behind = [(rule, "program cards", judged) for rule, judged in counts.tally.behind.items()]
    enough = max(1, counts.below)
    found = [each for each in own + behind if each[2].acceptable and each[2].overridden > each[2].accepted and each[2].overridden >= enough]
    found.sort(key=lambda each: (each[2].accepted - each[2].overridden, each[0]))
    return drafts.DISPUTED.fill([Row((*counts.rule(rule), which), _judged(judged)) for rule, which, judged in found], counts.below)


def _in_force(tally: Tally) -> dict[str, list[str]]:
    """Rule -> digests of the packs of the period that have it."""
    found: dict[str, list[str]] = {}
    for digest in sorted(tally.answers_by_digest, key=lambda each: tally.digest_days[each]):
        if listing := tally.listings.get(digest):
            for rule in listing.rules:
                found.setdefault(rule, []).append(digest)
    return found


def _never_fired(counts: Counts) -> Table:
    tally, fired = counts.tally, _all_fired(counts.tally)
    rows = []
    for rule, digests in _in_force(tally).items():
        if not fired[rule]:
            versions = ", ".join(tally.listings[digest].version for digest in digests)
            rows.append(Row((*counts.rule(rule), versions), {"answers": sum(tally.answers_by_digest[digest] for digest in digests)}))
    table = drafts.NEVER_FIRED.fill(rows, counts.below)
    if tally.answers and not _in_force(tally):
        return replace(table, empty="The packs of this period left no list of their rules, so what never fired is not known.")
    return table


def _silent_rules(counts: Counts) -> Table:
    tally, rows = counts.tally, []
    for rule, digests in _in_force(tally).items():
        silent = [digest for digest in digests if rule in tally.listings[digest].silent]
        if silent:
            fired = sum(tally.fired[digest][rule] for digest in silent)
            rows.append(Row(counts.rule(rule), {"fired": fired, "answers": sum(tally.answers_by_digest[digest] for digest in silent)}))
    return drafts.SILENT_RULES.fill(rows, counts.below)


def _reasons(counts: Counts) -> Table:
    rows = [
        Row((counts.rule(rule)[0], code or "(none given)", system), {"overridden": count})
        for (rule, system, code), count in sorted(counts.tally.reasons.items(), key=lambda item: (-item[1], item[0]))
    ]
    return drafts.REASONS.fill(rows, counts.below)


def _withheld(counts: Counts) -> Table:
    rows = [
        Row((program, rule, why), {"withheld": count, "answers": counts.tally.answers})
        for (program, rule, why), count in sorted(counts.tally.withheld.items(), key=lambda item: (-item[1], item[0]))
    ]
    return drafts.WITHHELD.fill(rows, counts.below)


def _outcomes(counts: Counts) -> Table:
    rows = [
        Row((outcome,), {"count": count, "answers": counts.tally.answers})
        for outcome, count in sorted(counts.tally.outcomes.items(), key=lambda item: (-item[1], item[0]))
    ]
    return drafts.OUTCOMES.fill(rows, counts.below)


def _over_time(counts: Counts) -> Table:
    days = {day: place for day, place in counts.tally.days.items() if place.answers}
    step = 7 if days and max(days) - min(days) >= _WEEKS_FROM else 1
    places: dict[int, dict[str, int]] = {}
    for day, place in sorted(days.items()):
        # day 4 of 1970 was a Monday
        start = day - (day - 4) % 7 if step == 7 else day
        sums = places.setdefault(start, dict.fromkeys(_place(place), 0))
        for name, count in _place(place).items():
            sums[name] += count
    table = drafts.OVER_TIME.fill([Row((day_text(start),), sums) for start, sums in places.items()], counts.below)
    return replace(table, title="Over time, by week" if step == 7 else "Over time, by day")


def _services(counts: Counts) -> Table:
    rows = [Row((service,), _place(place)) for service, place in sorted(counts.tally.services.items())]
    return drafts.SERVICES.fill(rows, counts.below)


def _clients(counts: Counts) -> Table:
    days = Counter((issuer, tenant) for issuer, tenant, _ in counts.tally.client_days)
    rows = [Row(client, _place(place) | {"days": days[client]}) for client, place in sorted(counts.tally.clients.items())]
    return drafts.CLIENTS.fill(rows, counts.below)


def _versions(counts: Counts) -> Table:
    found = sorted(counts.tally.versions.items(), key=lambda item: counts.tally.digest_days[item[0][2]])
    rows = []
    for (pack, version, digest), place in found:
        first, last = counts.tally.digest_days[digest]
        rows.append(Row((pack, version, digest[:12], day_text(first), day_text(last)), _place(place)))
    return drafts.VERSIONS.fill(rows, counts.below)


def newest_change(tally: Tally) -> tuple[str, str] | None:
    """The digests before and after the newest change of a pack; None where one pack answered all the time."""
    packs: dict[str, list[str]] = {}
    for pack, _, digest in tally.versions:
        packs.setdefault(pack, []).append(digest)
    changed = []
    for digests in packs.values():
        in_order = sorted(digests, key=lambda each: tally.digest_days[each])
        if len(in_order) > 1:
            changed.append((tally.digest_days[in_order[-1]], in_order[-2], in_order[-1]))
    return max(changed)[1:] if changed else None


def _changed_rules(counts: Counts) -> Table:
    tally, rows = counts.tally, list[Row]()
    if change := newest_change(tally):
        before, after = change
        answers = {"answers_before": tally.answers_by_digest[before], "answers_after": tally.answers_by_digest[after]}
        rows = [
            Row(counts.rule(rule), {"before": tally.fired[before][rule], "after": tally.fired[after][rule]} | answers)
            for rule in sorted(tally.fired[before].keys() | tally.fired[after].keys())
        ]
    return drafts.CHANGED_RULES.fill(rows, counts.below)


def _changed_cards(counts: Counts) -> Table:
    tally, rows = counts.tally, []
    if change := newest_change(tally):
        cards = {when: tally.cards[digest] for when, digest in zip(("before", "after"), change, strict=True)}
        for rule in sorted(cards["before"].keys() | cards["after"].keys()):
            sums: dict[str, int] = {}
            for when, by_rule in cards.items():
                judged = by_rule.get(rule, Judged())
                sums |= {f"returned_{when}": judged.returned, f"accepted_{when}": judged.accepted}
            rows.append(Row(counts.rule(rule), sums))
    return drafts.CHANGED_CARDS.fill(rows, counts.below)


def _silent_clients(counts: Counts) -> Table:
    rows = [
        Row(client, {"answers": place.answers, "cards": place.cards.returned})
        for client, place in sorted(counts.tally.silent_clients.items())
    ]
    return drafts.SILENT_CLIENTS.fill(rows, counts.below)


def _unknown(counts: Counts) -> Table:
    rows = [Row((issuer, tenant), {"entries": count}) for issuer, tenant, count in sorted(counts.tally.unknown)]
    return drafts.UNKNOWN.fill(rows, counts.below)


def _client_days(counts: Counts) -> Table:
    by_client: dict[tuple[str, str], list[Row]] = {}
    for (issuer, tenant, day), (answers, cards) in sorted(counts.tally.client_days.items()):
        by_client.setdefault((issuer, tenant), []).append(Row((issuer, tenant, day_text(day)), {"answers": answers, "cards": cards}))
    filled = [drafts.CLIENT_DAYS.fill(rows, counts.below) for rows in by_client.values()]
    return replace(drafts.CLIENT_DAYS.fill([], counts.below), rows=tuple(row for table in filled for row in table.rows))


def _latency(counts: Counts) -> Table:
    rows = []
    for stage in STAGES:
        steps = counts.tally.latencies.get(stage, [])
        answers = sum(count for _, count in steps)
        if answers >= max(1, counts.below):
            shares = (percentile(steps, share) for share in (0.5, 0.95, 0.99))
            rows.append((stage, *(None if found is None else found / 1000 for found in shares), answers))
    says = "Milliseconds in the service, without the network; stages as in the decision log, silent clients included."
    return Table("latency", "Latency by stage", says, drafts.LATENCY_COLUMNS, tuple(rows))


TABLES: tuple[Callable[[Counts], Table], ...] = (
    *(_programs, _cards, _rules, _disputed, _reasons, _never_fired, _silent_rules, _over_time, _services, _clients, _versions),
    *(_changed_rules, _changed_cards, _withheld, _outcomes, _latency, _silent_clients, _unknown, _client_days),
)
"""In the order of the page."""

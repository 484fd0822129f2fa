"""From settings to what is served: the pack as every room compiles it for this site."""

from __future__ import annotations

from exercise_cds.cards import Composer
from exercise_cds.cds_service import Serving, prepare
from exercise_cds.fhir import warm_up
from exercise_cds.model.pack import RulePack
from exercise_cds.records import PackListing
from exercise_cds.settings import Settings
from exercise_cds.web.reload import Files


def files_of(settings: Settings) -> Files:
    """Where the rules and the kill switch are."""
    return Files(settings.rules, settings.overlay, settings.pause_file)


def serving_of(settings: Settings, pack: RulePack) -> Serving:
    """A pack compiled for this site, its first-use costs paid."""
    composer = Composer(
        pack,
        link_hosts=frozenset(settings.link_hosts),
        handouts_base_url=settings.handouts.base_url or "",
        string_limit=settings.limits.string,
    )
    serving = prepare(pack, named_services=frozenset(settings.named_services), composer=composer)
    for plan in serving.plans.values():
        warm_up(plan)
    return serving


def listing_of(pack: RulePack) -> PackListing:
    """What a report has to know of a pack that is served."""
    return PackListing(
        pack=pack.id,
        version=pack.version,
        digest=pack.digest,
        rules={rule.id: rule.title for rule in pack.rules},
        programs={program.id: program.title for program in pack.programs.values()},
        silent=frozenset(rule.id for rule in pack.rules if rule.silent),
    )

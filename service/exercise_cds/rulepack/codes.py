"""Every code that a finding of this room can carry: its level and its meaning in one line. Docs, examples and tests read this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exercise_cds.model.where import Level


@dataclass(frozen=True, slots=True)
class FindingCode:
    """One row."""

    code: str
    meaning: str
    level: Level = Level.ERROR

    @property
    def is_error(self) -> bool:
        """Whether a pack with such a finding is not served."""
        return self.level is Level.ERROR


_ADVICE = Level.ADVICE
CODES: Mapping[str, FindingCode] = MappingProxyType({row.code: row for row in (
    # The folder and its files
    FindingCode("missing-file", "a file that every pack needs is not there, or the folder itself"),
    FindingCode("unreadable-file", "a file or folder cannot be opened, or is no ordinary file"),
    FindingCode("stray-file", "a file stands where it is not read; its name or its ending is probably wrong"),
    FindingCode("link-leaves-folder", "a symbolic link points out of the pack's folder"),
    FindingCode("too-many-files", "the folder holds more than 2,000 files"),
    FindingCode("pack-too-large", "the folder holds more than 20 MiB"),
    FindingCode("file-too-large", "one file holds more than 1 MiB"),
    FindingCode("empty-file", "a file holds nothing"),
    # Bytes
    FindingCode("byte-order-mark", "a file begins with a byte order mark"),
    FindingCode("bad-encoding", "a file is not UTF-8"),
    FindingCode("bad-character", "a hidden character (control, direction mark, NUL) stands in a file or a text"),
    # YAML and JSON
    FindingCode("yaml-tab", "a tab stands in a YAML file"),
    FindingCode("yaml-syntax", "a file is not YAML"),
    FindingCode("yaml-anchor", "an anchor (&name) stands in a YAML file"),
    FindingCode("yaml-alias", "an alias (*name) stands in a YAML file"),
    FindingCode("yaml-tag", "a tag (!name) stands in a YAML file"),
    FindingCode("yaml-merge-key", "a merge key (<<) stands in a YAML file"),
    FindingCode("yaml-key", "a key is a list or a mapping"),
    FindingCode("yaml-directive", "a YAML file begins with a directive (%)"),
    FindingCode("many-documents", "a YAML file holds more than one document"),
    FindingCode("json-syntax", "a file is not JSON"),
    FindingCode("duplicate-key", "a key stands twice in one mapping"),
    FindingCode("too-deep", "lists and mappings are nested more than 40 deep"),
    FindingCode("too-many-values", "one file holds more values than are read"),
    FindingCode("bad-number", "a number is infinite, no number, or too large"),
    # Shapes
    FindingCode("unknown-key", "a key that has no meaning at its place"),
    FindingCode("key-not-for-kind", "a key that a fact of this kind does not have"),
    FindingCode("missing-key", "a key that is needed is not there"),
    FindingCode("wrong-type", "a text where a number is needed, a list where a text is needed, and the like"),
    FindingCode("empty-value", "a key without a value"),
    FindingCode("bad-value", "a value that is none of those allowed"),
    FindingCode("bad-form", "a name, date, version, duration, address or code that is not written as it must be"),
    FindingCode("number-out-of-range", "a number outside the range of its key"),
    FindingCode("text-too-long", "a text over its limit"),
    FindingCode("empty-text", "a text that says nothing"),
    FindingCode("empty-list", "a list or mapping that must hold something holds nothing"),
    FindingCode("list-too-long", "a list with more entries than its key takes"),
    # Names
    FindingCode("unknown-kind", "a fact's kind that does not exist"),
    FindingCode("unknown-fact", "a condition or text names a fact that facts.yaml does not have"),
    FindingCode("unknown-program", "a program or group that the pack does not have"),
    FindingCode("unknown-valueset", "a value set that valuesets/ does not have"),
    FindingCode("unknown-evidence", "an entry that evidence.yaml does not have"),
    FindingCode("unknown-setting", "a setting that pack.yaml does not have"),
    FindingCode("unknown-site", "a part of the body that pack.yaml does not have under `sites`"),
    FindingCode("unknown-service", "a service that pack.yaml does not have"),
    FindingCode("unknown-hook", "a hook that is not supported"),
    FindingCode("unknown-rule", "a rule that the pack does not have"),
    FindingCode("unknown-load", "a load that no step of the programs concerned carries"),
    FindingCode("unknown-step", "a step that the program does not have"),
    FindingCode("unknown-option", "an option that the program does not have"),
    FindingCode("unknown-status", "a status that FHIR does not have for the kind of resource"),
    FindingCode("unknown-unit", "a unit that is not understood"),
    FindingCode("unknown-code-system", "a code system that is neither an alias nor an address"),
    FindingCode("unknown-resource-type", "a FHIR resource type that no fact kind reads"),
    FindingCode("unknown-link", "an overlay's link that no card has"),
    FindingCode("unknown-text", "an overlay's text that the rule or program does not have"),
    FindingCode("duplicate-id", "two things of one kind have one id"),
    FindingCode("name-clash", "one name means two things"),
    FindingCode("reserved-name", "a name that conditions or texts use as a word of their own"),
    FindingCode("id-not-file-name", "the id in a file is not the file's name"),
    FindingCode("program-not-listed", "a program's file stands in programs/, but pack.yaml does not list it"),
    # Conditions
    FindingCode("bare-list", "a list where a condition is needed, without `all` or `any`"),
    FindingCode("many-questions", "one mapping of a condition asks about several facts"),
    FindingCode("not-a-condition", "something that is no condition stands where one is needed"),
    FindingCode("unknown-operator", "an operator that does not exist"),
    FindingCode("operator-unfit", "an operator that does not fit the fact's type"),
    FindingCode("operand-unfit", "a value that does not fit its operator"),
    FindingCode("unknown-word", "a word that is none of the fact's answers"),
    FindingCode("unit-mismatch", "a setting is counted in another unit than the fact it is compared with"),
    FindingCode("between-unordered", "the first of two bounds is greater than the second"),
    FindingCode("condition-circle", "a named condition needs itself"),
    FindingCode("condition-too-large", "a condition, with its named conditions written out, is too large"),
    FindingCode("always-not-alone", "`always` stands inside another condition"),
    # Codes and value sets
    FindingCode("bad-check-digit", "the check digit of a SNOMED CT or LOINC code is wrong: a typing mistake"),
    FindingCode("bad-code-form", "a code that its code system cannot have"),
    FindingCode("duplicate-code", "a code stands twice in one value set or under two answers"),
    FindingCode("not-extensional", "a value set that does not list its codes one by one"),
    FindingCode("unverified-code", "a code that nobody has verified", _ADVICE),
    FindingCode("unpreferred-code", "`prefer` names a code that the fact does not read", _ADVICE),
    # Facts
    FindingCode("matches-nothing", "a fact that no code and no word can ever match"),
    FindingCode("bad-duration", "a duration that is no whole number of days"),
    FindingCode("mixed-answers", "`answers` has words and numbers, or words where only numbers fit"),
    FindingCode("keys-exclude", "two keys that contradict each other"),
    # Texts
    FindingCode("bad-placeholder", "braces in a text that hold no single name"),
    FindingCode("unknown-placeholder", "a placeholder that is no fact, no setting and not `found`"),
    FindingCode("placeholder-not-here", "a placeholder where texts are shown as they stand"),
    FindingCode("perhaps-unknown", "a text names a fact which may be unknown where the text is used"),
    FindingCode("yes-no-placeholder", "a text names a yes/no fact, which would read 'yes' or 'no'"),
    FindingCode("found-nothing", "`{found}` where no condition found anything"),
    FindingCode("summary-too-long", "a summary that can reach 140 characters once it is filled"),
    # Rules and programs
    FindingCode("does-nothing", "a rule without card, offer, note and withhold, or a part of it without effect"),
    FindingCode("first-and-weak", "an offer is `first` and `weak`"),
    FindingCode("missing-evidence", "a rule without evidence"),
    FindingCode("always-withheld", "a program is offered that a rule withholds from everybody, or whenever it is offered"),
    FindingCode("setting-out-of-bounds", "a setting's value lies outside its bounds"),
    FindingCode("bounds-unordered", "a setting's, scale's or range's lower bound is above its upper one"),
    FindingCode("wide-condition", "a rule's `any`s multiply to more than 256 ways of being true", _ADVICE),
    # What reasoning finds
    FindingCode("never-true", "a rule that no chart can make fire"),
    FindingCode("always-true", "a `when` that holds whatever the chart holds, without saying `always`", _ADVICE),
    FindingCode("implied-condition", "a part of an `all` that follows from another, or of an `any` that another covers", _ADVICE),
    FindingCode("same-rules", "two rules that do the same under the same condition", _ADVICE),
    FindingCode("gap-in-offers", "numbers of a fact for which no rule offers anything, between numbers for which one does", _ADVICE),
    FindingCode("not-over-number", "`not` over a number or a word, which is false where nothing is recorded", _ADVICE),
    FindingCode("program-never-offered", "a program that no rule offers", _ADVICE),
    FindingCode("review-date-passed", "a rule whose `review_by` has passed", _ADVICE),
    FindingCode("unused-fact", "a fact that nothing asks about", _ADVICE),
    FindingCode("unused-evidence", "an entry of evidence.yaml that nothing cites", _ADVICE),
    FindingCode("unused-valueset", "a value set that no fact names", _ADVICE),
    FindingCode("unused-setting", "a setting that nothing names", _ADVICE),
    # Overlay
    FindingCode("overlay-of-another-pack", "the overlay names another pack"),
    FindingCode("missing-approval", "a rule that withholds is switched off without `approved_by`"),
    FindingCode("required-unchecked", "a resource type that the pack requires is declared unchecked"),
    FindingCode("bad-template", "a prefetch template that is not of the allowed form"),
    # Cases
    FindingCode("unknown-story", "a case's request file does not exist under tests/"),
    FindingCode("story-and-builders", "a case has a whole request and builders too"),
    FindingCode("expects-nothing", "a case that expects nothing proves nothing"),
    # The report itself
    FindingCode("more-findings", "more findings were made than are shown"),
)})  # fmt: skip

"""What a patient reads, and what is never shown to one."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import textstat
from flask.testing import FlaskClient

from exercise_cds.model.pack import RulePack
from exercise_cds.web.handouts import drawing, poses
from exercise_cds.web.handouts.words import FIRST, lacks, languages, words

PROGRAMS = (
    "aerobic-low-impact",
    "aquatic",
    "easy-starter",
    "education-stay-active",
    "lumbar-stabilization",
    "mckenzie-mdt",
    "sciatica-by-cause",
    "specialist-referral",
    "strengthening",
    "stretching",
)
GRADE = 6
"""Year of school by letters, words and sentences: ages 11 to 12. (Formulas that count syllables need a dictionary that is downloaded.)"""


class _Sentences(HTMLParser):
    """The page's running text: one sentence a line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag if tag in {"p", "li", "dd", "h2", "h3", "a"} else "" if tag in {"svg", "table", "title"} else self._open
        del attrs

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.lines += [line for line in re.split(r"(?<=[.:;!?])\s+", data.strip()) if line]


def _page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def _titles(page: str) -> list[str]:
    return re.findall(r'<div class="words"><h3>(.*?)</h3>', page)


def test_every_program_of_the_pack_is_asked_for_here(pack: RulePack) -> None:
    """The list of programs above is the pack's."""
    assert set(PROGRAMS) == set(pack.programs)


TITLES = {
    "How Exercise Helps the Back",
    "Back Exercises and Abdominal Exercise Recommendations",
    "Exercise and Fitness to Help Your Back",
    "4 Easy Stretches for Lower Back Pain Video",
    "Exercise and Back Pain",
    "Water Therapy Exercise Program",
    "Exercise Walking for Better Back Health",
    "Sciatica Exercises for Sciatica Pain Relief",
    "Easy Exercise Program for Low Back Pain Relief",
}
"""Of the patient pages that the founding article points to."""


def test_the_titles_are_those_of_the_founding_article(patient_pages: FlaskClient) -> None:
    """Every handout has a title of the founding article's pages, and every such page has a handout."""
    found = {program: re.findall(r"<h1>([^<]+)</h1>", _page(patient_pages, f"/handouts/{program}")) for program in PROGRAMS}
    assert {title for titles in found.values() for title in titles} == TITLES


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_handout_has_all_its_parts(patient_pages: FlaskClient, program: str, pack: RulePack) -> None:
    """How much, what to do, how to progress, when to stop, when to call for help, and a log to tick; nothing of a person."""
    page = unescape(_page(patient_pages, f"/handouts/{program}"))
    plain, dosing = pack.programs[program].for_patients, pack.programs[program].dosing
    for part in ("How much", "What to do", "When to stop", "When to call for help", "Your log", "Larger print"):
        assert part in page
    assert (plain.frequency or dosing.frequency) in page
    assert (plain.progress or dosing.progress) in page
    assert all(line in page for line in pack.programs[program].stop_if)
    assert page.count('type="checkbox"') == 4 * 7
    assert "<form" not in page


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_twelve_year_old_can_read_a_handout(patient_pages: FlaskClient, program: str) -> None:
    """Every handout reads at the sixth year of school or below."""
    reader = _Sentences()
    reader.feed(_page(patient_pages, f"/handouts/{program}"))
    text = "\n".join(line.rstrip(".:;!?") + "." for line in reader.lines if len(line.split()) > 2)
    assert len(text) > 400
    assert textstat.automated_readability_index(text) <= GRADE
    assert textstat.coleman_liau_index(text) <= GRADE


def test_every_step_that_is_an_exercise_is_drawn(pack: RulePack) -> None:
    """Each step of each program has a drawing, or is listed as advice or a visit."""
    steps = {step.id for program in pack.programs.values() for step in program.steps}
    assert steps == poses.PICTURE_OF.keys() | poses.NO_EXERCISE
    assert not poses.PICTURE_OF.keys() & poses.NO_EXERCISE
    assert set(poses.PICTURE_OF.values()) == poses.PICTURES.keys()


@pytest.mark.parametrize("name", poses.PICTURES)
def test_a_drawing_stays_on_its_sheet(name: str) -> None:
    """No limb, arrow or prop of a drawing is cut off at its edge."""
    picture = poses.PICTURES[name]
    shown = drawing.svg(picture, "words")
    for path in re.findall(r' d="([^"a]*)"', shown):
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", re.sub(r"[a-z][^A-Z]*|[HV]\S+", " ", path))]
        for x, y in zip(numbers[::2], numbers[1::2], strict=False):
            assert 0 <= x <= picture.width
            assert -2 <= y <= picture.height


def test_mckenzie_without_bending_back_still_makes_sense(patient_pages: FlaskClient) -> None:
    """With bending back withheld no step bends back, and none speaks of another direction than one that is shown."""
    page = _page(patient_pages, "/handouts/mckenzie-mdt?without=extension")
    steps = re.findall(r"<h3>([^<]+)</h3><p>([^<]+)</p>", page)
    assert [title for title, _ in steps] == ["Lie on the belly", "Knees to chest"]
    assert "Only if your therapist found" in steps[1][1]
    assert "other direction" not in page.lower()


def test_a_drawing_speaks_to_those_who_cannot_see_it(patient_pages: FlaskClient) -> None:
    """Every drawing says in words what it shows."""
    page = _page(patient_pages, "/handouts/stretching")
    assert page.count('role="img"') == 4
    assert len(re.findall('aria-label="(?:A|Seen from above: a) person', page)) == 4


@pytest.mark.parametrize("language", languages())
def test_a_language_lacks_nothing(language: str) -> None:
    """Each language has every text of the English file, fills the same places, and has words for every drawing."""
    assert lacks(words(language), words(FIRST)) == []
    assert words(language)["drawings"].keys() == poses.PICTURES.keys()


def test_a_language_that_lacks_something_is_told_what() -> None:
    """A missing text, one too many, and a place that is not filled are each said by name."""
    model: Any = {"page": {"title": "For {name}", "end": "Bye"}, "days": ["Mon", "Tue"]}
    said = lacks({"page": {"title": "Für dich", "more": "!"}, "days": ["Mo"]}, model)
    assert said == [
        "days has 1 texts, and must have 2",
        "page.end is missing",
        "page.more is not asked for",
        "page.title fills [], and must fill ['name']",
    ]


def test_what_was_withheld_is_left_out(patient_pages: FlaskClient) -> None:
    """?without= leaves out the steps that carry these loads, and says that steps were left out."""
    assert _titles(_page(patient_pages, "/handouts/stretching")) == [
        "Hamstring stretch at the wall",
        "One knee to the chest",
        "Figure-four stretch",
        "Cat and camel",
    ]
    page = _page(patient_pages, "/handouts/stretching?without=loaded-flexion")
    assert _titles(page) == ["Hamstring stretch at the wall", "Figure-four stretch", "Cat and camel"]
    assert "Some steps are left out" in page
    left = _titles(_page(patient_pages, "/handouts/strengthening?without=extension,loaded-flexion"))
    assert left == ["Bridge", "Bird-dog", "Side plank from the knees"]


@pytest.mark.parametrize(
    "query",
    [
        "without=extensions",
        "without=",
        "without=loaded-flexion,",
        "without=loaded-flexion&without=nonsense",
        "without=%3Cscript%3E",
        "Without=loaded-flexion",
        "witout=loaded-flexion",
        "without=Loaded-Flexion",
        "without=loaded-flexion%20",
    ],
)
def test_what_we_do_not_understand_shows_no_step(patient_pages: FlaskClient, query: str) -> None:
    """An unknown value or word shows when to stop, when to call, and "ask your clinic": no step, no dose, no drawing."""
    page = _page(patient_pages, f"/handouts/stretching?{query}")
    assert _titles(page) == []
    assert "<svg" not in page
    assert "How much" not in page
    assert "You can do them at home" not in page
    assert "Ask your clinic" in page
    assert "When to stop" in page
    assert "When to call for help" in page
    assert "<script" not in page


def test_without_any_step_left_nothing_is_shown(patient_pages: FlaskClient) -> None:
    """Where everything is withheld, the page asks the patient to ask the clinic."""
    page = _page(patient_pages, "/handouts/mckenzie-mdt?without=prone,extension,loaded-flexion")
    assert _titles(page) == []
    assert "Ask your clinic" in page


def test_opposite_directions_are_never_shown_together(patient_pages: FlaskClient, pack: RulePack) -> None:
    """Sciatica exercises of several directions are left out until the clinic has said which one; one direction is shown."""
    assert _titles(_page(patient_pages, "/handouts/sciatica-by-cause")) == ["Ease the leg", "Gentle buttock stretch"]
    page = _page(patient_pages, "/handouts/sciatica-by-cause?without=extension-direction,neutral-direction")
    assert [title.split(":")[0] for title in _titles(page)] == ["Ease the leg", "Gentle buttock stretch", "Forward", "Forward", "Forward"]
    loads = [load for step in pack.programs["sciatica-by-cause"].steps for load in step.loads if load.endswith("-direction")]
    assert set(loads) == {"flexion-direction", "extension-direction", "neutral-direction"}


def test_the_larger_print_keeps_what_is_withheld(patient_pages: FlaskClient) -> None:
    """Changing the size of print never brings a withheld step back."""
    page = _page(patient_pages, "/handouts/stretching?without=loaded-flexion")
    assert 'href="?without=loaded-flexion&amp;print=large"' in page
    large = _page(patient_pages, "/handouts/stretching?without=loaded-flexion&print=large")
    assert 'class="large"' in large
    assert "One knee to the chest" not in large


def test_a_handout_keeps_to_itself(patient_pages: FlaskClient) -> None:
    """The page loads nothing foreign, runs nothing inline, stands in no frame, is kept nowhere, and tells no other site of itself."""
    answer = patient_pages.get("/handouts/stretching")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = answer.get_data(as_text=True)
    assert not re.search(r'(?:src|href)="(?!/|\?)', page)
    assert " style=" not in page
    assert len(page) < 40_000


def test_a_link_from_the_ehr_is_followed(patient_pages: FlaskClient) -> None:
    """A browser that comes from another site's page gets the handout; it cannot get cards."""
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert patient_pages.get("/handouts/stretching", headers=foreign).status_code == 200
    assert patient_pages.get("/cds-services", headers=foreign).status_code == 403


def test_a_handout_that_is_not_there_is_said_in_a_page(patient_pages: FlaskClient) -> None:
    """An unknown program is 404, in words for a patient."""
    answer = patient_pages.get("/handouts/yoga")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no such handout" in answer.get_data(as_text=True)

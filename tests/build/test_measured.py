"""Claims that follow each other share a box; a word or another experiment ends it."""

import xml.etree.ElementTree as etree  # noqa: N813

import markdown
import pytest

from site_build.measured import MeasuredExtension

FIRST = "[[claim: l2_shrinkage.norm_falls]]"
SECOND = "[[claim: l2_shrinkage.never_exactly_zero]]"
OTHER = "[[claim: cost_function_balance.minimum_moves]]"


def boxes(text: str) -> list[list[str]]:
    """The ids in each box."""
    html = markdown.markdown(text, extensions=[MeasuredExtension()])
    found = etree.fromstring(f"<div>{html}</div>").findall("div[@class='rx-claims']")
    for box in found:
        assert html.count("Measured by") == len(found)
        assert box[-1].get("class") == "rx-claims__source"
    return [[item.get("id", "") for item in box.iter("li")] for box in found]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        (f"{FIRST}\n\n{SECOND}", [2]),
        (f"{FIRST}\n\nA word.\n\n{SECOND}", [1, 1]),
        (f"{FIRST}\n\n{OTHER}\n\n{SECOND}", [1, 1, 1]),
    ],
)
def test_neighbours_of_one_experiment_share_a_box(text: str, sizes: list[int]) -> None:
    found = boxes(text)
    assert [len(ids) for ids in found] == sizes
    assert found[0][0] == "claim-l2-shrinkage-norm-falls"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It is 0.38 ± 0.05.", ["0.38 ± 0.05"]),
        ("From 1,024 ± 3% down to 93.1% ± 1.0%, with", ["1,024 ± 3%", "93.1% ± 1.0%"]),
        ("off by 1e-08, then 2.5e-7", ["1e-08", "2.5e-7"]),
        ("`1e-08` is code, ± a sign, page-8 a word", []),
    ],
)
def test_no_line_ends_within_a_number(text: str, kept: list[str]) -> None:
    html = markdown.markdown(text, extensions=[MeasuredExtension()])
    found = etree.fromstring(html).findall("span[@class='rx-keep']")
    assert [span.text for span in found] == kept

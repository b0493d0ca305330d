"""The glossary's terms explain themselves where a reader first meets them, and nowhere else."""

from pathlib import Path

import markdown
import pytest
from mkdocs.exceptions import BuildError

from site_build import glossary

PAGE = """
# Glossary

Weight

:   A number that training changes.

Weight decay
Shrinking

:   Making every `weight` a little smaller
    at each step.

    More: [there](../decay.md).
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "docs" / glossary.PAGE
    file.parent.mkdir(parents=True)
    file.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(glossary, "ROOT", tmp_path)
    return file


def convert(text: str) -> str:
    return markdown.markdown(text, extensions=["tables", glossary.GlossaryExtension()])


def test_the_page_is_read_with_all_names_lines_and_targets() -> None:
    weight, decay = glossary.terms()
    assert weight.names == ("Weight",)
    assert decay.names == ("Weight decay", "Shrinking")
    assert decay.line == "Making every weight a little smaller at each step."
    assert decay.page == "decay.md"
    assert (weight.anchor, weight.page) == ("term-weight", "")


def test_the_first_use_is_linked_and_no_other() -> None:
    html = convert("A weight here, a weight there.")
    assert html == (
        '<p>A <a class="rx-term" href="/reference/glossary.md#term-weight" '
        'title="A number that training changes.">weight</a> here, a weight there.</p>'
    )


def test_the_longest_name_wins_in_any_form() -> None:
    html = convert("Weight\ndecay and *shrinking*: two\nweights.")
    assert html.count("rx-term") == 2
    assert ">Weight\ndecay</a>" in html
    assert ">weights</a>" in html


@pytest.mark.parametrize(
    "text",
    [
        "## Weight",
        "`weight`",
        "[weight](https://example.org)",
        "| weight |\n| --- |\n| weight |",
        "weightless, underweight, weight-free",
        "    weight in code",
    ],
)
def test_headings_code_links_tables_and_other_words_are_left_alone(text: str) -> None:
    assert "rx-term" not in convert(text)


def test_titles_of_references_are_left_alone() -> None:
    html = convert("## Use\n\nA weight.\n\n## References\n\n- *Shrinking for All*\n")
    assert html.count("rx-term") == 1


def test_text_around_several_terms_stays_in_order() -> None:
    html = convert("one weight **two** shrinking three *four weight five* six")
    plain = "one weight two shrinking three four weight five six"
    found = markdown.util.HTML_PLACEHOLDER_RE.sub("", html)
    assert "".join(part.split(">")[-1] for part in found.split("<")) == plain


def test_a_project_without_glossary_has_no_terms(project: Path) -> None:
    project.unlink()
    assert convert("A weight.") == "<p>A weight.</p>"


def test_an_entry_that_cannot_be_read_stops_the_build(project: Path) -> None:
    project.write_text(PAGE + "\nLost\n:   Without the empty line.\n", encoding="utf-8")
    md = markdown.Markdown(extensions=["def_list", glossary.GlossaryExtension()])

    class Relpath(markdown.treeprocessors.Treeprocessor):
        class file:  # noqa: N801
            src_uri = glossary.PAGE

        def run(self, root: object) -> None: ...

    md.treeprocessors.register(Relpath(md), "relpath", 0)
    with pytest.raises(BuildError, match="'Lost'"):
        md.convert(project.read_text(encoding="utf-8"))

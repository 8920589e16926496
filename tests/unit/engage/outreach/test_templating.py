"""Templates print values and choose; everything else is refused before it can do harm."""

import pytest

from liuke.engage.outreach import TemplateError, TemplateLibrary

VALUES = {"name": "Li", "unsubscribe": "https://x.example/u"}


def library(tmp_path, subject="Hi", text="{{ unsubscribe }}", html="") -> TemplateLibrary:
    import yaml

    parts = {"subject": subject, "text": text, "html": html}
    (tmp_path / "t.en.yaml").write_text(yaml.safe_dump(parts, allow_unicode=True), encoding="utf-8")
    return TemplateLibrary([tmp_path])


def test_values_are_printed_and_escaped_only_in_html(tmp_path):
    made = library(tmp_path, "{{ name }}", "{{ name|upper }}", "<b>{{ name }}</b>").render("t", "en", {"name": "<Li>"})
    assert (made.subject, made.text, made.html) == ("<Li>", "<LI>", "<b>&lt;Li&gt;</b>")


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(9) %}x{% endfor %}",
        "{{ 'a' * 999999999 }}",
        "{{ 9 ** 9999999 }}",
        "{{ name.__class__ }}",
        "{{ name['x'] }}",
        "{{ name.upper() }}",
        "{% set name = 'x' %}",
        "{% include 't.en.yaml' %}",
        "{% macro m() %}{% endmacro %}",
        "{{ name|attr('x') }}",
        "{{ name|xmlattr }}",
        "{{ name",
    ],
)
def test_what_could_cost_time_or_leak_is_refused(tmp_path, text):
    made = library(tmp_path, text=text)
    with pytest.raises(TemplateError) as caught:
        made.check("t", "transactional")
    assert caught.value.hint
    with pytest.raises(TemplateError):
        made.render("t", "en", VALUES)


def test_a_missing_variable_is_an_error_and_never_a_blank(tmp_path):
    with pytest.raises(TemplateError, match="nam"):
        library(tmp_path, text="{{ nam }}").render("t", "en", VALUES)


@pytest.mark.parametrize("name", ["a\nBcc: x@y.z", "a\rb"])
def test_a_subject_cannot_carry_a_header(tmp_path, name):
    subject = library(tmp_path, subject="Hi {{ name }}!").render("t", "en", {**VALUES, "name": name}).subject
    assert subject == f"Hi {' '.join(name.split())}!"  # a space instead of the break


def test_too_long_values_and_templates_are_refused(tmp_path):
    with pytest.raises(TemplateError, match="too long"):
        library(tmp_path).render("t", "en", {**VALUES, "name": "x" * 501})
    with pytest.raises(TemplateError, match="longer than"):
        library(tmp_path, text="x" * 50_001).render("t", "en", VALUES)


@pytest.mark.parametrize(("text", "html"), [("no way out", ""), ("{{ unsubscribe }}", "<p>no way out</p>")])
def test_marketing_needs_the_line_that_ends_it(tmp_path, text, html):
    made = library(tmp_path, text=text, html=html)
    made.check("t", "transactional")
    with pytest.raises(TemplateError, match="unsubscribe"):
        made.check("t", "marketing")


def test_languages_fall_back(tmp_path):
    for code in ("zh", "en"):
        (tmp_path / f"t.{code}.yaml").write_text(f"subject: {code}\ntext: x\n")
    made = TemplateLibrary([tmp_path])
    asked = ("zh-CN", "zh", "en-GB", "fr")
    assert [made.render("t", language, {}).subject for language in asked] == ["zh", "zh", "en", "zh"]


def test_a_shops_own_template_wins(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder, text in ((ours, "ours"), (theirs, "theirs")):
        folder.mkdir()
        (folder / "t.en.yaml").write_text(f"subject: s\ntext: {text}\n")
    assert TemplateLibrary([ours, theirs]).render("t", "en", {}).text == "theirs"


@pytest.mark.parametrize(
    "content", ["just text", "subject: x", "subject: x\ntext: y\nbody: z", "subject: [", "subject: 1\ntext: y"]
)
def test_a_file_that_is_no_template_says_so(tmp_path, content):
    (tmp_path / "t.en.yaml").write_text(content)
    with pytest.raises(TemplateError) as caught:
        TemplateLibrary([tmp_path]).render("t", "en", {})
    assert "t.en.yaml" in caught.value.message

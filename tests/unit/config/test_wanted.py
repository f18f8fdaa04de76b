"""What is to be published: strict values, and no say for files that a pull request can change."""

from __future__ import annotations

import pytest

from ltlab_ci import errors, model
from ltlab_ci.config import options, wanted
from tests.factories import assert_two_lines


def test_publishing__without_a_word() -> None:
    found = wanted.publishing({}, {})
    assert found.wanted == model.Wanted()
    assert found.config == "ltlab.yml"


def test_publishing__variables_and_flags() -> None:
    environ = {
        "LTLAB_COMMENT": "changes",
        "LTLAB_CHECK_RUN": "true",
        "LTLAB_SUMMARY": "false",
        "LTLAB_FAIL_ON": "error",
        "LTLAB_ARTIFACT_NAME": "evidence",
        "LTLAB_ID": "",
        "LTLAB_CONFIG": "apps/shop/ltlab.yml",
        "LTLAB_GITHUB_TOKEN": "ghs_sentinel",
        "LTLAB_GITLAB_TOKEN": "glpat-sentinel",
    }
    found = wanted.publishing(environ, {"comment": "failures"})
    assert found.wanted == model.Wanted(
        id="apps/shop/ltlab.yml",
        comment="failures",
        check_run=True,
        summary=False,
        artifact_name="evidence",
        fail_on="error",
    )
    assert found.tokens == {
        model.Forge.GITHUB: "ghs_sentinel",
        model.Forge.GITLAB: "glpat-sentinel",
    }
    assert "sentinel" not in repr(found)


@pytest.mark.parametrize(
    ("folder", "config", "id"),
    [
        ("", "ltlab.yml", "ltlab"),
        (".", "ltlab.yml", "ltlab"),
        ("services/cart", "ltlab.yml", "services/cart/ltlab.yml"),
        ("services/cart", "load/ci.yml", "services/cart/load/ci.yml"),
        ("x" * 120, "ltlab.yml", "x" * 90 + "/ltlab.yml"),
    ],
)
def test_publishing__an_id_by_default_is_that_of_the_folder(
    folder: str, config: str, id: str
) -> None:
    assert wanted.publishing({}, {"config": config}, folder=folder).wanted.id == id


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("comment", "sometimes"),
        ("check-run", "True"),
        ("summary", "yes"),
        ("fail-on", "slower"),
        ("id", "a\nb"),
        ("id", "x" * 101),
    ],
)
def test_publishing__what_is_no_value_is_refused(name: str, text: str) -> None:
    with pytest.raises(errors.ConfigError, match=name) as caught:
        wanted.publishing({}, {name: text})
    assert_two_lines(caught.value)


def test_options__of_publishing_are_for_the_workflow_alone() -> None:
    mine = {"comment", "check-run", "summary", "id", "artifact-name", "fail-on"}
    guarded = {option.name for option in options.OPTIONS if option.guarded}
    assert mine <= guarded
    secret = {option.name for option in options.OPTIONS if option.secret}
    assert {"github-token", "gitlab-token"} <= secret & guarded

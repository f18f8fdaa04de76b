"""Every YAML that is shipped: action and settings agree, nothing is unpinned, the linters are content."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from ltlab_ci import model
from ltlab_ci.config import options

ROOT = Path(__file__).parents[2]
ACTIONS = (ROOT / "action.yml", ROOT / "publish" / "action.yml")
WORKFLOWS = sorted(
    [
        *ROOT.glob(".github/workflows/*.yml"),
        *(file for file in ROOT.glob("workflows/*.yml") if not file.name.startswith("gitlab")),
        *ROOT.glob("examples/*/.github/workflows/*.yml"),
    ]
)
DEPENDABOT = ROOT / ".github" / "dependabot.yml"
EVERY = [*ACTIONS, *WORKFLOWS]
OPTIONS = {option.name: option for option in options.OPTIONS}
OF_THE_ACTION = {"working-directory", "scenarios", "compare", "ltlab-args"}
"""Read by the steps themselves (action/), since they are about the command line."""
OURS = "destbreso/ltlab-action"


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    """Return the steps of an action, or those of all jobs of a workflow."""
    found = read(file)
    if "runs" in found:
        return list(found["runs"]["steps"])
    return [step for job in found["jobs"].values() for step in job.get("steps", [job])]


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", ACTIONS, ids=shown)
def test_inputs__reach_the_settings_under_one_name(file: Path) -> None:
    reached: dict[str, set[str]] = {}
    for step in steps(file):
        for variable, value in step.get("env", {}).items():
            for name in re.findall(r"\$\{\{ inputs\.([a-z0-9-]+) \}\}", str(value)):
                reached.setdefault(name, set()).add(variable)
        for value in step.get("with", {}).values():
            for name in re.findall(r"inputs\.([a-z0-9-]+)", str(value)):
                reached.setdefault(name, set())
    inputs = read(file)["inputs"]
    assert set(reached) == set(inputs)
    for name, variables in reached.items():
        if name in OF_THE_ACTION:
            assert len(variables) == 1, name
        else:
            assert variables == {OPTIONS[name].variable}, name


@pytest.mark.parametrize("file", ACTIONS, ids=shown)
def test_inputs__have_the_defaults_of_the_settings(file: Path) -> None:
    # What is empty leaves the word to ltlab.yml, which a default of the action would overrule.
    own = {
        "lab": "docker",
        "github-token": "${{ github.token }}",
        "against": "",
        "budget": "",
    }
    for name, given in read(file)["inputs"].items():
        assert given["description"].endswith("."), name
        if name not in OF_THE_ACTION:
            assert given["default"] == own.get(name, OPTIONS[name].default), name


def test_settings__are_inputs_or_of_one_machine_alone() -> None:
    not_inputs = {"report-dir", "cache-dir", "url", "k6", "artillery", "node", "lab-dir"}
    elsewhere = {"gitlab-token"}
    assert set(OPTIONS) - set(read(ACTIONS[0])["inputs"]) == not_inputs | elsewhere


@pytest.mark.parametrize("file", ACTIONS, ids=shown)
def test_types__are_stated_for_every_input_and_output(file: Path) -> None:
    action, types = read(file), read(file.with_name("action-types.yml"))
    for part in ("inputs", "outputs"):
        assert list(types[part]) == list(action[part])
    known = {
        "lab": {runtime.value for runtime in model.Runtime} - {"auto"},
        "comment": set(get_args(model.CommentMode)),
        "fail-on": set(get_args(model.FailOn)),
    }
    for name, each in types["inputs"].items():
        assert set(each.get("allowed-values", ())) == known.get(name, set()), name
        if each["type"] == "boolean":
            assert action["inputs"][name]["default"] in {"true", "false"}


@pytest.mark.parametrize("file", ACTIONS, ids=shown)
def test_outputs__say_where_they_come_from(file: Path) -> None:
    ids = {step["id"] for step in steps(file) if "id" in step}
    for name, each in read(file)["outputs"].items():
        found = re.fullmatch(r"\$\{\{ steps\.(\w+)\.outputs\.([a-z-]+) \}\}", each["value"])
        assert found, name
        assert found[1] in ids
        assert found[2] == name


@pytest.mark.parametrize("file", EVERY, ids=shown)
def test_runs__have_nothing_filled_in(file: Path) -> None:
    for step in steps(file):
        assert "${{" not in step.get("run", ""), step


@pytest.mark.parametrize("file", EVERY, ids=shown)
def test_uses__are_pinned_by_commit_with_their_version(file: Path) -> None:
    for line in file.read_text(encoding="utf-8").splitlines():
        found = re.search(r"^\s*(?:- )?uses: (\S+)(.*)$", line)
        if found and not found[1].startswith((OURS, "./")):
            assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40}", found[1]), line
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", found[2]), line


def test_uses__one_version_of_an_action_everywhere() -> None:
    commits: dict[str, set[str]] = {}
    for file in EVERY:
        for name, commit in re.findall(
            r"uses: (actions/[\w-]+)[\w/-]*@(\S+ # \S+)", file.read_text()
        ):
            commits.setdefault(name, set()).add(commit)
    assert set(commits) == {
        "actions/cache",
        "actions/checkout",
        "actions/setup-python",
        "actions/upload-artifact",
    }
    assert all(len(found) == 1 for found in commits.values()), commits


def test_uploads__never_decide_the_colour_of_a_job() -> None:
    uploads = [
        step
        for step in steps(ACTIONS[0])
        if step.get("uses", "").startswith("actions/upload-artifact")
    ]
    assert len(uploads) == 2
    assert all(step["continue-on-error"] for step in uploads)


@pytest.mark.parametrize("file", WORKFLOWS, ids=shown)
def test_workflows__give_the_action_inputs_that_it_has(file: Path) -> None:
    kinds = {
        f"{OURS}@v1": read(ACTIONS[0])["inputs"],
        "./": read(ACTIONS[0])["inputs"],
        f"{OURS}/publish@v1": read(ACTIONS[1])["inputs"],
    }
    for step in steps(file):
        if step.get("uses") in kinds:
            assert set(step.get("with", {})) <= set(kinds[step["uses"]])


def test_reusable_workflow__has_the_inputs_of_the_action() -> None:
    workflow = read(ROOT / ".github" / "workflows" / "load-test.yml")
    given = workflow[True]["workflow_call"]["inputs"]  # to YAML 1.1 the key `on` is a boolean
    action = read(ACTIONS[0])["inputs"]
    of_the_job = {"runs-on", "timeout-minutes"}
    assert of_the_job < set(given)
    for name in set(given) - of_the_job:
        assert given[name]["default"] == action[name]["default"], name


@pytest.mark.parametrize("file", WORKFLOWS, ids=shown)
def test_workflows__state_the_least_rights(file: Path) -> None:
    workflow = read(file)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        for step in job.get("steps", ()):
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_docs__show_the_workflow_that_is_to_copy() -> None:
    shipped = read(ROOT / "workflows" / "simple.yml")
    for page in ("README.md", "docs/github.md"):
        blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
        shown = [block for block in blocks if "pull_request" in block and "jobs:" in block]
        assert [yaml.safe_load(block) for block in shown] == [shipped]


def test_examples__have_the_workflows_that_are_to_copy() -> None:
    folder = ROOT / "examples" / "fork-safe" / ".github" / "workflows"
    for name in ("pull-request.yml", "publish.yml"):
        assert (folder / name).read_text() == (ROOT / "workflows" / name).read_text()


def _run(*words: str) -> None:
    program = Path(sys.executable).with_name(words[0])
    done = subprocess.run(
        [str(program), *words[1:]], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor__is_content_at_its_strictest() -> None:
    files = [*map(str, EVERY), str(DEPENDABOT)]
    _run("zizmor", "--offline", "--no-config", "--persona=auditor", *files)


@pytest.mark.parametrize("file", EVERY, ids=shown)
def test_zizmor__each_exception_has_its_reason(file: Path) -> None:
    for line in file.read_text(encoding="utf-8").splitlines():
        if "zizmor:" in line:
            assert re.search(r"# zizmor: ignore\[[a-z-]+\] \w+ \w+", line), line


def test_schemas__hold() -> None:
    _run("check-jsonschema", "--builtin-schema", "vendor.github-actions", *map(str, ACTIONS))
    _run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))
    _run("check-jsonschema", "--builtin-schema", "vendor.dependabot", str(DEPENDABOT))

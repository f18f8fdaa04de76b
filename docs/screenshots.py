"""Make the pictures of docs/images from real runs: `make screenshots`.

The toy service runs under k6 and Artillery as its ltlab.yml says, then with one threshold that it cannot
hold: what a pull request comes to. Not part of `make docs`: it starts engines and a browser, and no two
runs measure the same. comment.md and summary.md are drawn with a style sheet of our own (forge.css),
near enough to how GitHub shows them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import rich.console
import rich.text
import yaml

from ltlab_ci import model
from ltlab_ci.config import document
from ltlab_ci.evaluate import changed
from ltlab_ci.report import comment, summary
from tests.surface import browser

HERE = Path(__file__).parent
IMAGES = HERE / "images"
TOY = HERE.parent / "examples" / "toy"
MOST_BYTES = 220_000
TALLEST = 1400
TOP_CHARTS, PHONE_CHARTS = 4, 2  # the pictures end below so many


def base() -> dict[str, Any]:
    """Return two scenarios of the toy, as they may run anywhere."""
    config: dict[str, Any] = yaml.safe_load((TOY / "ltlab.yml").read_text(encoding="utf-8"))
    config["service"] |= {"command": [sys.executable, "-m", "toy_api", "--port", "{port}"]}
    config["service"].pop("build")
    config["service"]["env"] = {"PYTHONPATH": str(HERE.parent)}
    mixed, fast = config["scenarios"]["k6-mixed"], config["scenarios"]["artillery-fast"]
    mixed["script"], fast["script"] = str(TOY / mixed["script"]), str(TOY / fast["script"])
    mixed["env"]["DURATION"] = "40s"
    mixed["thresholds"] |= {
        "http_req_duration": ["p(95) < 4s", {"that": "p(50) < 50ms", "over": "10s..30s"}]
    }
    config["scenarios"] = {"k6-mixed": mixed, "artillery-fast": fast}
    return config


def head() -> dict[str, Any]:
    """Return the same with a limit that is crossed, another that is loosened, and one that is new."""
    config = base()
    config["scenarios"]["k6-mixed"]["thresholds"] |= {
        "http_req_duration": ["p(95) < 250ms", {"that": "p(50) < 100ms", "over": "10s..30s"}],
        "http_reqs": ["rate > 5/s"],
    }
    return config


def run(folder: Path, config: dict[str, Any], *, code: int) -> str:
    """Run what is configured and return what the terminal shows; the exit code must be as given."""
    folder.mkdir()
    text = yaml.safe_dump(config, sort_keys=False)
    (folder / "ltlab.yml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ltlab_ci", "run", "--report-dir", "ltlab-report"],
        cwd=folder,
        env={  # CI: a progress line now and then, not one redrawn in place, of which each would show
            "CI": "true",
            "FORCE_COLOR": "1",
            "COLUMNS": "118",
            "HOME": str(Path.home()),
            "PATH": os.defpath,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != code:
        sys.exit(f"expected exit code {code}, not {done.returncode}:\n{done.stdout}")
    return done.stdout.replace(str(folder.resolve()), "~/toy")  # not the name of a temporary folder


def written(before: Path, after: Path) -> dict[str, str]:
    """Return the Markdown of the second run: its summary, and its comment beside the first run."""
    earlier, result = (
        model.Result.model_validate_json(
            (folder / "ltlab-report" / "result.json").read_text(encoding="utf-8")
        )
        for folder in (before, after)
    )
    files = (document.check(document.load(folder / "ltlab.yml")) for folder in (before, after))
    around = model.Around(
        run_url="https://github.com/octo/toy/actions/runs/7",
        report_url="https://github.com/octo/toy/actions/runs/7/artifacts/11",
        head_sha="5f0c1b7a9d3e4f60718293a4b5c6d7e8f9012345",
        earlier=earlier,
        earlier_sha="0aa4c1d7e8f90123455f0c1b7a9d3e4f60718293",
        changed=changed.changes(*files),
    )
    texts = {"comment": comment.render(result, around), "summary": summary.render(result)}
    return {name: _anywhere(text) for name, text in texts.items()}


def _anywhere(text: str) -> str:
    """Leave out what is this machine's alone: where its Python is, the build of its kernel."""
    return re.sub(r"Linux \S+ ", "Linux ", text.replace(sys.executable, "python"))


def drawn(markdown: str, page: Path, tab: browser.Browser, *, most: int) -> bytes:
    """Return Markdown as a forge shows it, from its top down."""
    argv = ["cmark-gfm", "--unsafe", "--hardbreaks"]
    argv += [part for name in ("table", "strikethrough", "autolink") for part in ("-e", name)]
    done = subprocess.run(argv, input=markdown.encode(), capture_output=True, check=True)
    style = (HERE / "forge.css").read_text(encoding="utf-8")
    page.write_text(
        f"<!doctype html><meta charset=utf-8><style>{style}</style>"
        f"<main>{done.stdout.decode()}</main>",
        encoding="utf-8",
    )
    tab.show(page, width=912)
    bottom = "Math.ceil(document.querySelector('main').getBoundingClientRect().bottom)"
    return tab.picture(height=min(tab.evaluate(bottom) + 16, most))


def terminal(said: str) -> str:
    """Return the output of the run as an SVG."""
    lines = ["\x1b[1m$ ltlab run\x1b[0m", *said.splitlines()]
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = rich.console.Console(record=True, width=118, file=nowhere, force_terminal=True)
        console.print(rich.text.Text.from_ansi("\n".join(lines)), soft_wrap=False)
    return console.export_svg(title="ltlab run")


def pictures(page: Path, tab: browser.Browser) -> dict[str, bytes]:
    """Return the page as people meet it: its top in light, in dark and on a phone."""
    found = {}
    for name, width, scheme, charts in (
        ("report-light", 1280, "light", TOP_CHARTS),
        ("report-dark", 1280, "dark", TOP_CHARTS),
        ("report-phone", 390, "light", PHONE_CHARTS),
    ):
        tab.show(page, width=width, scheme=scheme)
        last = f"document.querySelectorAll('.charts .chart')[{charts - 1}]"
        height = tab.evaluate(f"Math.ceil({last}.getBoundingClientRect().bottom) + 14")
        found[f"{name}.png"] = tab.picture(height=height)
    return found


def main() -> None:
    """Run, take the pictures, and refuse one that would make the README heavy."""
    with tempfile.TemporaryDirectory() as made:
        before, after = Path(made) / "base", Path(made) / "head"
        run(before, base(), code=0)
        said = run(after, head(), code=1)
        report = after / "ltlab-report" / "report.html"
        texts = written(before, after)
        if len(sys.argv) > 1:  # keep the page and the texts, to look at
            keep = Path(sys.argv[1])
            keep.mkdir(exist_ok=True)
            (keep / "report.html").write_bytes(report.read_bytes())
            for name, text in texts.items():
                (keep / f"{name}.md").write_text(text, encoding="utf-8")
        with browser.tab(Path(made) / "profile") as tab:
            found = pictures(report, tab)
            for name, text in texts.items():
                page = Path(made) / f"{name}.html"
                found[f"{name}.png"] = drawn(text, page, tab, most=TALLEST)
    IMAGES.mkdir(exist_ok=True)
    found["terminal.svg"] = terminal(said).encode()
    for name, content in found.items():
        if len(content) > MOST_BYTES:
            sys.exit(f"{name} has {len(content)} bytes; take a smaller part of the page")
        (IMAGES / name).write_bytes(content)


if __name__ == "__main__":
    main()

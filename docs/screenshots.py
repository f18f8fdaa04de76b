"""Make the pictures of docs/images from a real run: `make screenshots`.

The toy service runs under k6 and Artillery with one threshold that it cannot hold. Not part of
`make docs`: it starts engines and a browser, and no two runs measure the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import rich.console
import rich.text
import yaml

from tests.surface import browser

HERE = Path(__file__).parent
IMAGES = HERE / "images"
TOY = HERE.parent / "examples" / "toy"
MOST_BYTES = 200_000
TOP_CHARTS, PHONE_CHARTS = 4, 2  # the pictures end below so many


def run(folder: Path) -> str:
    """Run two scenarios of the toy, one with a limit it crosses; return what the terminal shows."""
    config = yaml.safe_load((TOY / "ltlab.yml").read_text(encoding="utf-8"))
    python = sys.executable
    config["service"] |= {"command": [python, "-m", "toy_api", "--port", "{port}"]}
    config["service"].pop("build")
    config["service"]["env"] = {"PYTHONPATH": str(HERE.parent)}
    mixed, fast = config["scenarios"]["k6-mixed"], config["scenarios"]["artillery-fast"]
    mixed["script"], fast["script"] = str(TOY / mixed["script"]), str(TOY / fast["script"])
    mixed["env"]["DURATION"] = "40s"
    mixed["thresholds"] |= {
        "http_req_duration": ["p(95) < 250ms", {"that": "p(50) < 100ms", "over": "10s..30s"}],
        "http_reqs": ["rate > 5/s"],
    }
    config["scenarios"] = {"k6-mixed": mixed, "artillery-fast": fast}
    (folder / "ltlab.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    done = subprocess.run(
        [python, "-m", "ltlab_ci", "run", "--report-dir", "ltlab-report"],
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
    if done.returncode != 1:
        sys.exit(f"expected a crossed threshold, exit code 1:\n{done.stdout}")
    return done.stdout.replace(str(folder.resolve()), "~/toy")  # not the name of a temporary folder


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
        folder = Path(made)
        said = run(folder)
        report = folder / "ltlab-report" / "report.html"
        if len(sys.argv) > 1:  # keep the page itself, to look at
            Path(sys.argv[1]).write_bytes(report.read_bytes())
        with browser.tab(folder / "profile") as tab:
            found = pictures(report, tab)
    IMAGES.mkdir(exist_ok=True)
    found["terminal.svg"] = terminal(said).encode()
    for name, content in found.items():
        if len(content) > MOST_BYTES:
            sys.exit(f"{name} has {len(content)} bytes; take a smaller part of the page")
        (IMAGES / name).write_bytes(content)


if __name__ == "__main__":
    main()

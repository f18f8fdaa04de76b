"""report.html in a real browser: charts are drawn, nothing fails, nothing is fetched, it fits.

Needs Chromium; its absence is a failure, since a page that nobody opened is not tested.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ltlab_ci import model, report
from tests.surface.browser import Browser, tab
from tests.unit.report import cases, comparisons

WIDTHS = {"desktop": 1280, "phone": 390}
LOOK = """JSON.stringify({
  errors: document.documentElement.dataset.errors ?? "",
  plots: [...document.querySelectorAll(".plot")].map((plot) => plot.querySelectorAll("canvas").length),
  inked: [...document.querySelectorAll(".plot canvas")].map((canvas) =>
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)),
  ground: getComputedStyle(document.body).backgroundColor,
  page: document.documentElement.scrollWidth,
  window: document.documentElement.clientWidth,
})"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def written(result: model.Result, folder: Path, logs: Sequence[model.Excerpt] = ()) -> Path:
    page = folder / "report.html"
    page.write_bytes(report.render(result, logs)["report.html"])
    return page


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_page__draws_every_chart_and_fits(
    browser: Browser, tmp_path: Path, *, width: int, scheme: str
) -> None:
    page = written(cases.demo(), tmp_path)
    browser.show(page, width=width, scheme=scheme)
    seen = json.loads(browser.evaluate(LOOK))
    assert (seen["errors"], browser.complaints()) == ("", [])
    assert browser.fetched() == [page.as_uri(), "data:,"] or browser.fetched() == [page.as_uri()]
    assert seen["plots"] == [1] * 7  # four of k6; Artillery here has no VUs
    assert seen["inked"] == [True] * 7
    assert seen["page"] <= seen["window"] == width
    assert seen["ground"] == {"light": "rgb(245, 246, 248)", "dark": "rgb(15, 19, 24)"}[scheme]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("case", cases.CASES)
def test_report_page__every_case_opens_without_a_complaint(
    browser: Browser, tmp_path: Path, *, case: str, width: int
) -> None:
    browser.show(written(cases.CASES[case](), tmp_path), width=width)
    seen = json.loads(browser.evaluate(LOOK))
    assert (seen["errors"], browser.complaints()) == ("", [])
    assert seen["page"] <= seen["window"] == width


def test_report_page__one_cursor_reads_all_charts_of_a_scenario(
    browser: Browser, tmp_path: Path
) -> None:
    browser.show(written(cases.demo(), tmp_path), width=1280)
    browser.evaluate("document.querySelector('.plot').scrollIntoView({block: 'center'})")
    over = "document.querySelector('.plot .u-over').getBoundingClientRect()"
    box = json.loads(browser.evaluate(f"JSON.stringify({over})"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    browser.until("document.querySelector('.plot .u-value').textContent.endsWith(' s')")
    times = "document.querySelectorAll('.plot .u-series:first-child .u-value')"
    read = json.loads(browser.evaluate(f"JSON.stringify([...{times}].map((e) => e.textContent))"))
    first, *_, last = read
    assert first.endswith(" s")
    assert read == [first] * 4 + [last] * 3  # the other scenario keeps its own
    assert last == "–"  # noqa: RUF001  (an en dash: no cursor)


def test_report_page__endpoints_sort_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(cases.demo(), tmp_path), width=1280)
    browser.evaluate("document.querySelector('table.sortable th:nth-child(5) button').focus()")
    browser.press("Enter", "\r")
    table = "document.querySelector('table.sortable')"
    column = f"[...{table}.tBodies[0].rows].map((row) => Number(row.cells[4].dataset.value))"
    failed = json.loads(browser.evaluate(f"JSON.stringify({column})"))
    assert failed == sorted(failed, reverse=True)
    assert browser.evaluate(f"{table}.querySelector('[aria-sort]').textContent") == "failed"


def test_report_page__a_script_that_is_not_ours_is_refused(
    browser: Browser, tmp_path: Path
) -> None:
    page = written(cases.demo(), tmp_path)
    page.write_text(page.read_text().replace("</main>", "<script>window.evil = 1</script></main>"))
    browser.show(page, width=1280)
    # The violation is told by an event that a busy machine may deliver late.
    assert browser.until("document.documentElement.dataset.errors") == (
        "policy: script-src-elem inline"
    )
    assert browser.complaints()
    assert browser.evaluate("typeof window.evil") == "undefined"


def test_report_page__reads_without_javascript(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(cases.demo(), tmp_path), width=1280, script=False)
    text = browser.evaluate("document.body.innerText")
    assert "p(95) of http_req_duration is 612 ms, limit < 500 ms" in text
    assert "p95 from " in text
    assert "The charts need JavaScript" in text


SHOWN = """JSON.stringify([...document.querySelectorAll(".tools")].map((place) =>
  [Number(place.dataset.from), Number(place.dataset.to)]))"""


def drag(browser: Browser, from_share: float, to_share: float, *, clicks: int = 1) -> None:
    browser.evaluate("document.querySelectorAll('.plot')[1].scrollIntoView({block: 'center'})")
    over = "document.querySelectorAll('.plot')[1].querySelector('.u-over').getBoundingClientRect()"
    box = json.loads(browser.evaluate(f"JSON.stringify({over})"))
    y = box["y"] + box["height"] / 2
    first, last = (box["x"] + box["width"] * share for share in (from_share, to_share))
    for count in range(1, clicks + 1):
        pressed = {"button": "left", "clickCount": count, "y": y}
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=first, y=y)
        browser.call("Input.dispatchMouseEvent", type="mousePressed", x=first, **pressed)
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=last, y=y, buttons=1)
        browser.call("Input.dispatchMouseEvent", type="mouseReleased", x=last, **pressed)


def test_report_page__a_drag_zooms_every_chart_of_its_scenario(
    browser: Browser, tmp_path: Path
) -> None:
    browser.show(written(cases.explained(), tmp_path), width=1280)
    drag(browser, 0.25, 0.75)
    assert browser.until("document.querySelector('.tools').dataset.from > 10")
    (first, last), other = json.loads(browser.evaluate(SHOWN))
    assert (first, last) == (pytest.approx(14.75, abs=0.5), pytest.approx(44.25, abs=0.5))
    assert other == [0, 44]
    drag(browser, 0.5, 0.5, clicks=2)
    browser.until("document.querySelector('.tools').dataset.from === '0'")
    assert json.loads(browser.evaluate(SHOWN)) == [[0, 59], [0, 44]]
    assert browser.evaluate("document.documentElement.dataset.errors ?? ''") == ""


def test_report_page__zooms_by_keyboard_and_says_what_is_shown(
    browser: Browser, tmp_path: Path
) -> None:
    browser.show(written(cases.explained(), tmp_path), width=390)
    steps = {
        "Zoom in": "14.8 s to 44.3 s",
        "Later": "29.5 s to 59 s",
        "10s..50s": "10 s to 50 s",
        "Judged window": "5 s to 59 s",
        "Whole run": "whole run",
        "Earlier": "whole run",
    }
    for label, said in steps.items():
        buttons = "[...document.querySelectorAll('.tools button')]"
        browser.evaluate(f"{buttons}.find((one) => one.textContent === '{label}').focus()")
        browser.press("Enter", "\r")
        assert browser.evaluate("document.querySelector('.tools output').textContent") == said


def test_report_page__filters_endpoints(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(cases.explained(), tmp_path), width=390)
    browser.evaluate("document.querySelector('.filter input').focus()")
    browser.call("Input.insertText", text="post ORD")
    rows = "[...document.querySelector('table.sortable').tBodies[0].rows]"
    names = f"{rows}.filter((row) => row.offsetParent).map((row) => row.cells[0].textContent)"
    assert json.loads(browser.evaluate(f"JSON.stringify({names})")) == ["/shop/orders/{id}"]
    assert browser.evaluate("document.querySelector('.filter output').textContent") == (
        "1 of 6 shown"
    )


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_page__explains_a_red_run_on_every_screen(
    browser: Browser, tmp_path: Path, *, width: int, scheme: str
) -> None:
    browser.show(written(cases.explained(), tmp_path, cases.logs()), width=width, scheme=scheme)
    seen = json.loads(browser.evaluate(LOOK))
    assert (seen["errors"], browser.complaints()) == ("", [])
    assert seen["page"] <= seen["window"] == width
    assert seen["inked"] == [True] * 8  # offered and completed besides
    text = browser.evaluate("document.body.innerText")
    assert "99 requests" in text
    assert "4 rarer kinds" in text
    assert "first error in line 150" in text
    assert "<b>pool is empty</b>" in text  # as text
    inside = """[...document.querySelectorAll(".histogram text, .histogram .bars rect")]
      .every((one) => one.getBoundingClientRect().width > 0)"""
    assert browser.evaluate(inside)
    error = """(() => {
      const mark = document.querySelector(".log[open] mark");
      const [line, lines] = [mark, mark.parentElement].map((one) => one.getBoundingClientRect());
      return line.top >= lines.top && line.bottom <= lines.bottom;
    })()"""
    assert browser.evaluate(error)


def test_report_page__an_hour_opens(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(*cases.an_hour()[:1], tmp_path, cases.an_hour()[1]), width=390)
    seen = json.loads(browser.evaluate(LOOK))
    assert (seen["errors"], browser.complaints()) == ("", [])
    assert seen["page"] <= seen["window"]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_page__draws_a_comparison_on_every_screen(
    browser: Browser, tmp_path: Path, *, width: int, scheme: str
) -> None:
    browser.show(written(comparisons.pictured(), tmp_path), width=width, scheme=scheme)
    seen = json.loads(browser.evaluate(LOOK))
    assert (seen["errors"], browser.complaints()) == ("", [])
    assert seen["page"] <= seen["window"] == width
    order = "[...document.querySelectorAll('.forest .said')].map((one) => one.textContent)"
    said = json.loads(browser.evaluate(f"JSON.stringify({order})"))
    assert said[0] == "slower"
    assert len(said) == 8
    inside = """[...document.querySelectorAll(".forest .at, .sides[open] path, .forest .tick")]
      .every((one) => {
        const box = one.getBoundingClientRect();
        return box.left >= 0 && box.right <= document.documentElement.clientWidth;
      })"""
    assert browser.evaluate(inside)
    drawn = """[...document.querySelectorAll(".sides[open] .plotted > svg path")]
      .every((one) => one.getTotalLength() > 0 || one.classList.contains("dots"))"""
    assert browser.evaluate(drawn)


def test_report_page__opens_the_sides_of_an_endpoint_by_keyboard(
    browser: Browser, tmp_path: Path
) -> None:
    browser.show(written(comparisons.pictured(), tmp_path), width=390)
    browser.evaluate("document.querySelectorAll('.sides summary')[1].focus()")
    browser.press("Enter", "\r")
    assert browser.until("document.querySelectorAll('.sides[open]').length === 2")


def test_report_page__a_comparison_reads_without_javascript(
    browser: Browser, tmp_path: Path
) -> None:
    browser.show(written(comparisons.pictured(), tmp_path), width=1280, script=False)
    text = browser.evaluate("document.body.innerText")
    assert "p95 of head against base, slice by slice" in text
    assert "head slower than base in" in text

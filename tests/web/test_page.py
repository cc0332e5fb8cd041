#!/usr/bin/env python3
"""Uses the page of reference graphs as a person does, in a real browser: keys, clicks, what is then to be seen.

page.c says what the graph is.

test_page.py PAGE-PROGRAM [--keep FOLDER]       keep: pages and pictures of each test stay there
"""

import argparse
import os
import subprocess
import sys
import tempfile
import traceback

from browser import Browser, find_browser

SHARED = """
const rows = () => [...document.querySelectorAll('.tree .row')];
const cells = (row) => [...row.children].map((cell) => cell.textContent.replace('▸', ''));
const chosen = () => document.querySelector('.row[aria-selected="true"]');
const row = (text) => rows().find((one) => cells(one)[0].includes(text));
"""


class Page:
    def __init__(self, browser, path):
        self.browser = browser
        browser.requests.clear()
        browser.errors.clear()
        self.seconds = browser.open("file://" + path)
        self.url = "file://" + path

    def ask(self, expression):
        return self.browser.evaluate(f"(() => {{ {SHARED} return {expression}; }})()")

    def rows(self):
        return self.ask("rows().map(cells)")

    def chosen(self):
        return self.ask("chosen() && cells(chosen())")

    def go(self, where):
        self.browser.evaluate(f"location.hash = '{where}'")
        self.browser.settle()

    def press(self, key, times=1):
        self.browser.press(key, times)

    def focus(self, text):
        """The row that holds a text, by a click on its type: that chooses, and opens nothing."""
        self.click(f"row({text!r}).children[1]")

    def click(self, expression):
        self.browser.click(f"(() => {{ {SHARED} return {expression}; }})()")

    def search(self, text):
        self.browser.evaluate("document.activeElement.blur()")
        self.press("/")
        assert self.ask("document.activeElement.id") == "query"
        self.browser.type(text)
        self.press("Enter")


def equal(seen, wanted):
    assert seen == wanted, f"\n  seen   {seen!r}\n  wanted {wanted!r}"


# Each takes a page of 1000 orders, whole, that starts with dominators, unless it names another.
# history holds itself and all but the Order that the stack holds too: 800 + 999 * (48 + 100 + 60) = 208,592 B = 204 KiB.


def test_first_view(page):
    equal(
        [row[:4] for row in page.rows()[:4]],
        [
            ["history in app", "list", "204 KiB", "800 B"],
            ["cache in app", "dict", "14.7 KiB", "1000 B"],
            ["….customer0x102000", "Customer", "500 B", "500 B"],
            ["stack of thread 2 in serve", "Order", "208 B", "48 B"],
        ],
    )
    equal(page.ask("document.getElementById('completeness').textContent"), "All 3,012 objects are in this page")
    assert page.ask("document.getElementById('moment').textContent").startswith("3,012 objects · 4,013 references · ")


def test_garbage_is_told_apart(page):
    equal(page.rows()[-1][0], "2 ×no root leads to these")
    page.focus("2 ×")
    page.press("ArrowRight")
    equal([row[1] for row in page.rows()[-2:]], ["Node", "Node"])


# In a page of 5 objects these are too small, and counted.
def test_garbage_is_counted(page):
    page.focus("2 ×")
    equal(page.chosen()[3], "112 B")
    page.press("ArrowRight")
    equal(page.rows()[-1][:2], ["2 ×not in this page", "Node"])


def test_keys_expand_and_collapse(page):
    page.focus("history in app")
    before = len(page.rows())
    page.press("ArrowRight")
    equal(page.ask("row('history in app').getAttribute('aria-expanded')"), "true")
    equal(page.rows()[1][:3], ["999 ×", "Order", "203 KiB"])
    page.press("ArrowRight")  # open already: to the first below
    equal(page.chosen()[0], "999 ×")
    page.press("Enter")
    equal(
        len(page.rows()), before + 3 + 101
    )  # the group, the ways to what history refers to and who refers to it; a page of orders, and the way to more
    equal(page.rows()[2][:4], ["[0]", "Order", "208 B", "48 B"])
    page.press("ArrowDown")
    equal(page.ask("chosen().getAttribute('aria-level')"), "3")
    page.press("ArrowLeft")  # nothing is open below: to the one above
    equal(page.chosen()[0], "999 ×")
    page.press("ArrowLeft")
    page.press("Home")
    page.press("ArrowLeft")
    equal(len(page.rows()), before)
    equal(page.ask("row('history in app').getAttribute('aria-expanded')"), "false")


def test_siblings_come_by_pages(page):
    page.focus("history in app")
    page.press("ArrowRight", 2)
    page.press("ArrowRight")
    equal(page.ask("rows().filter((one) => /^\\[\\d+\\]$/.test(cells(one)[0])).length"), 100)
    page.click("row('show 100 more of 899').querySelector('.link')")
    equal(page.ask("rows().filter((one) => /^\\[\\d+\\]$/.test(cells(one)[0])).length"), 200)
    equal(page.chosen()[0], "[101]")  # [2] is not below history: the stack holds it, too


def test_references_and_referrers(page):
    page.search("type:Customer")
    equal([row[:2] for row in page.rows()], [["….customer0x102000", "Customer"]])
    page.focus("0x102000")
    page.press("ArrowRight")
    equal(page.rows()[1][0], "referred to by · 1,000")
    page.press("ArrowDown")
    page.press("Enter")
    equal(page.rows()[2][:2], ["1,000 ×", "Order"])
    page.press("ArrowDown")
    page.press("Enter")
    equal(page.rows()[3][:2], [".customer", "Order"])
    page.press("ArrowDown")
    page.press("Enter")
    # Of an order's referrers: history for all; what it refers to is one way further.
    equal([row[:2] for row in page.rows()[4:6]], [["[0]", "list"], ["refers to · 2", ""]])


def test_path_from_a_root(page):
    page.search("order 7'")
    equal(len(page.rows()), 1)
    page.focus("order 7'")
    steps = (
        "[...document.querySelectorAll('.path li')]"
        ".map((step) => ['.edge', '.type'].map((part) => step.querySelector(part).textContent))"
    )
    equal(page.ask(steps), [["history in app", "list"], ["[7]", "Order"], [".lines", "list"], ["[0]", "str"]])
    page.press("p")
    equal(page.ask("document.activeElement.dataset.node"), "1")
    page.press("Enter")  # goes to the list
    equal(page.ask("location.hash"), "#object=1")
    equal([row[0] for row in page.rows() if " · " in row[0]], ["refers to · 1,000", "referred to by · 1", "holds alone · 999"])
    page.browser.evaluate("history.back()")
    page.browser.settle()
    equal(page.ask("document.getElementById('query').value"), "order 7'")


def test_named_roots_come_before_stale_ones(page):
    page.search("order 2'")
    page.focus("order 2'")
    equal(page.ask("document.querySelector('.path .edge').textContent"), "history in app")


def test_weak_references_hold_nothing(page):
    page.go("roots")
    page.focus("watcher in app")
    page.press("ArrowRight")
    equal(page.ask("row('weak').classList.contains('weak')"), True)
    page.search("type:Node")
    page.focus("0x")
    assert "No root leads to it" in page.ask("document.getElementById('details').textContent")


# "Order": 1,000 of the type, and the texts of all strings but the first.
def test_search(page):
    for query, count in [
        ("Order", "1,999 objects"),
        ("customer", "1 object"),
        ("type:order", "No object"),
        ("load.c", "1 object"),
        ("0x10302f", "1 object"),
        ("0x103030", "No object"),
        ("zebra", "No object"),
    ]:
        page.search(query)
        text = page.ask("document.getElementById('hint').textContent")
        assert text.startswith(f"{count} found for “{query}”"), text


def test_native_offsets(page):
    page.search("malloc in load")
    page.focus("0x")
    equal(page.ask("[...document.querySelectorAll('.path .edge')].map((edge) => edge.textContent)"), ["cache in app", "+0x10"])


def test_types_sort(page):
    page.go("types")
    names = "[...document.querySelectorAll('.types tbody .name')].map((cell) => cell.textContent)"
    equal(page.ask(names)[:3], ["list", "Order", "str"] if page.ask(names)[0] == "list" else ["Order", "list", "str"])
    page.click("[...document.querySelectorAll('.types th button')].find((button) => button.textContent === 'Objects')")
    equal(page.ask("document.querySelector('.types th[aria-sort=descending]').textContent"), "Objects")
    equal(page.ask(names)[0], "list")  # 1,001: one for each order, and history
    page.click("[...document.querySelectorAll('.types th button')].find((button) => button.textContent === 'Type')")
    equal(
        page.ask(names),
        ["bytes", "Customer", "dict", "list", "malloc in load (load.c:31)", "Node", "Order", "ReferenceType", "str"],
    )
    page.click("[...document.querySelectorAll('.types tbody tr')][0]")
    equal(page.ask("decodeURIComponent(location.hash)"), "#search=type:bytes")
    equal(
        [row[0] for row in page.rows()][:1], ["….k00xcbd000"]
    )  # the 3,005th: after history, the customer, 3,000 of orders, the cache, its buffer


def test_texts_are_only_texts(page):
    page.search("script>")
    equal(page.rows()[0][0], "…[0]'</script><script>document.title=\\'taken\\'</script><!-- \"\\\\ � & \\n'")
    assert "taken" not in page.ask("document.title")


def test_nothing_is_loaded(page):
    page.go("roots")
    page.go("types")
    equal(page.browser.requests, [page.url])


def test_roles(page):
    equal(
        page.ask(
            "[document.querySelector('[role=treegrid]').getAttribute('aria-label'), "
            "document.querySelectorAll('.row[tabindex=\"0\"]').length, "
            "document.querySelectorAll('[role=tab][aria-selected=true]').length]"
        ),
        ["Who alone holds what", 1, 1],
    )
    equal(
        page.ask(
            "rows().every((one) => ['role', 'aria-level', 'aria-posinset', 'aria-setsize'].every((name) => one.getAttribute(name)))"
        ),
        True,
    )


CONTRAST = """(() => {
  const part = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((c) => part(Number(c) / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = (e) => {
    while (e && /, 0\\)$/.test(getComputedStyle(e).backgroundColor)) e = e.parentElement;
    return e ? getComputedStyle(e).backgroundColor : 'rgb(255, 255, 255)';
  };
  const poor = [];
  for (const e of document.querySelectorAll('body *:not(script):not(noscript)')) {
    if (![...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) || !e.offsetParent) continue;
    const a = light(getComputedStyle(e).color), b = light(back(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.className || e.tagName} ${e.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return poor;
})()"""


def test_contrast(page):
    for dark in (False, True):
        page.browser.dark(dark)
        for view in ("dominators", "types", "object=1"):
            page.go(view)
            equal((dark, view, page.browser.evaluate(CONTRAST)), (dark, view, []))
    page.browser.dark(False)


def test_theme_button(page):
    seen = []
    for _ in range(3):
        page.click("document.getElementById('theme')")
        seen.append(
            (
                page.ask("document.documentElement.dataset.theme || ''"),
                page.ask("getComputedStyle(document.body).backgroundColor"),
            )
        )
    equal(seen, [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 28)"), ("", "rgb(255, 255, 255)")])


def test_selection(page):
    equal(page.ask("document.querySelector('[role=tab][aria-selected=true]').textContent"), "type:Order")
    assert page.ask("document.getElementById('hint').textContent").startswith(
        "1,000 objects of type:Order. Below each who refers to it"
    )
    equal(page.rows()[1][:2], ["[0]", "list"])  # the first is open: history refers to it


# 400,000 orders, 2,000 objects in the page.
def test_left_out_is_counted(page):
    assert page.ask("document.getElementById('completeness').textContent").startswith("2,0"), page.ask(
        "document.getElementById('completeness').textContent"
    )
    assert "--page-nodes N" in page.ask("document.getElementById('notes').textContent")
    page.focus("history in app")
    page.press("ArrowRight", 2)
    name, kind, retained = page.rows()[1][:3]
    inside = int(name.split("×")[1].split()[0].replace(",", ""))
    equal((name.split("×")[0], kind, retained), ("399,999 ", "Order", "79.3 MiB"))  # 399,999 * 208 B
    assert 0 < inside < 2000, name
    page.press("ArrowRight")
    page.press("End")
    page.go("types")
    counts = page.ask(
        "Object.fromEntries([...document.querySelectorAll('.types tbody tr')]"
        ".map((one) => [one.children[0].textContent, one.children[3].textContent]))"
    )
    equal((counts["Order"], counts["list"], counts["str"]), ("400,000", "400,001", "400,000"))


def test_large_page_opens_fast(page):
    assert page.seconds < 5, page.seconds  # about one on a quiet machine


PAGES = {
    "tiny": ["1000", "5", "0"],
    "dominators": ["1000", "0", "0"],
    "backrefs": ["1000", "0", "3"],
    "few": ["400000", "2000", "0"],
    "large": ["400000", "0", "0"],
}
OTHER = {
    "test_selection": "backrefs",
    "test_left_out_is_counted": "few",
    "test_garbage_is_counted": "tiny",
    "test_large_page_opens_fast": "large",
}


def write_pages(program, folder):
    paths = {}
    for name, arguments in PAGES.items():
        paths[name] = os.path.join(folder, f"{name}.html")
        with open(paths[name], "wb") as file:
            subprocess.run([program, *arguments], stdout=file, check=True, timeout=120)
    return paths


def run(browser, name, test, paths, keep):
    page = Page(browser, paths[OTHER.get(name, "dominators")])
    browser.evaluate("location.hash = ''")
    try:
        test(page)
        assert not browser.errors, browser.errors
        print(f"ok {name}")
        return True
    except Exception:
        print(f"FAILED {name}\n{traceback.format_exc()}")
        return False
    finally:
        if keep:
            browser.screenshot(os.path.join(keep, f"{name}.png"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--keep")
    options = parser.parse_args()
    path = find_browser()
    if not path:
        print("skipped: no browser is installed (Debian: chromium)")
        return 77
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    with tempfile.TemporaryDirectory(prefix="heapline-page-") as folder:
        paths = write_pages(os.path.abspath(options.program), options.keep or folder)
        paths = {name: os.path.abspath(path) for name, path in paths.items()}
        browser = Browser(path)
        try:
            results = [run(browser, name, test, paths, options.keep) for name, test in tests]
        finally:
            browser.close()
    print(f"{sum(results)} of {len(results)} passed")
    return 0 if all(results) else 1


sys.exit(main())

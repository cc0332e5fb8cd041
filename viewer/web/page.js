// The page as a whole: views, where one is (in the address, so that the browser's way back works), keys.

const at = (id) => document.getElementById(id);
const say = (text) => {
  at("status").textContent = text;
};

const explore = (v) => go(`object=${v}`);
const choose = (v) => showDetails(at("details"), v, explore);
const found = new Map(); // query → nodes

const starts = (list, relation) => list.map((v) => nodeRow(null, v, relation));

// One row for all that no root leads to; below it these by type.
function unheldRow() {
  const entries = [],
    missing = left.unheld.get(0) || [];
  for (let v = 1; v < nodes.n; v++) if (nodes.dominator[v] === NOBODY) entries.push(entryOf(v, -1));
  const count = entries.length + missing.reduce((all, { count: more }) => all + more, 0);
  const row = {
    kind: "group",
    title: "no root leads to these",
    parent: null,
    level: 1,
    count,
    lost: 0,
    retained: null,
    own: sum(entries, nodes.bytes) + missing.reduce((all, { bytes }) => all + bytes, 0),
  };
  row.below = rowsOfEntries(
    row,
    entries.sort((a, b) => byRetained(a.node, b.node)),
    "dominated",
    missing,
  );
  return count ? [row] : [];
}

function showTree(rows, title, hint, opened) {
  const tree = new Tree(rows, title, choose, explore);
  at("hint").textContent = hint;
  at("content").replaceChildren(rows.length ? tree.element : element("p", { class: "message" }, "Nothing."));
  if (opened && tree.body.firstChild) tree.open(tree.body.firstChild);
  return tree;
}

function showDominators() {
  const rows = rowsOfEntries(null, entriesOf(0, "dominated"), "dominated", left.dominated.get(0) || []);
  showTree(
    [...rows, ...unheldRow()],
    "Who alone holds what",
    "An object holds alone what would go with it. Largest first; below each what it holds alone, then its references.",
  );
}

function showRoots() {
  showTree(
    rowsOfRoots(null, entriesOf(0, "refers"), left.refers.get(0) || []),
    "Roots",
    "Where every way begins: static memory, stacks, registers, modules, frames. Below each object what it refers to.",
  );
}

function showSelection() {
  const relation = data.start === "backrefs" ? "referrers" : "refers";
  const list = data.selection;
  const hint = [`${plural(data.selected, "object")} of ${data.selector}`];
  if (list.length < data.selected) hint.push(`; the ${formatCount(list.length)} that retain most are in this page`);
  hint.push(`. Below each ${relation === "refers" ? "what it refers to" : "who refers to it"}.`);
  const tree = showTree(starts(list, relation), "Selection", hint.join(""), true);
  if (list.length) tree.focus(tree.body.firstChild);
}

function showObject(v) {
  if (!(v > 0 && v < nodes.n)) return showDominators();
  const tree = showTree(
    ["refers", "referrers", "dominated"]
      .filter((relation) => neighbours(v, relation))
      .map((relation) => ({ kind: "links", level: 1, parent: null, node: v, relation, count: neighbours(v, relation) })),
    nodeName(v),
    `${nodeName(v)}: what it refers to, who refers to it, and what it holds alone.`,
    true,
  );
  choose(v);
  if (tree.body.firstChild) tree.focus(tree.body.firstChild);
  return undefined;
}

function showFound(query) {
  if (!found.has(query)) found.set(query, search(query));
  const list = found.get(query),
    all =
      data.totals.nodes > nodes.n - 1
        ? ` among the ${formatCount(nodes.n - 1)} objects of this page (there are ${formatCount(data.totals.nodes)})`
        : "";
  at("query").value = query;
  const text = `${list.length ? plural(list.length, "object") : "No object"} found for “${query}”${all}.`;
  const tree = showTree(starts(list, "refers"), "Search", text);
  if (list.length) tree.focus(tree.body.firstChild);
  say(text);
}

function showTypes() {
  at("hint").textContent =
    "All types of the graph, also of objects that are not in this page. Enter or a click shows the objects of one.";
  at("content").replaceChildren(new TypeTable((query) => go(`search=${encodeURIComponent(query)}`)).element);
}

const VIEWS = [
  { id: "dominators", title: "What holds most", show: showDominators },
  { id: "roots", title: "Roots", show: showRoots },
  { id: "selection", title: data.selector || "", show: showSelection, hidden: !data.selector },
  { id: "types", title: "Types", show: showTypes },
  { id: "object", title: "Object", show: (v) => showObject(Number(v)), lasting: false },
  { id: "search", title: "Search", show: showFound, lasting: false },
];

const firstView =
  { types: "types", roots: "roots", dominators: "dominators" }[data.start] || (data.selector ? "selection" : "dominators");
const hashOf = () => (location.hash.length > 1 ? location.hash.slice(1) : firstView);

function go(hash) {
  if (hashOf() === hash) show();
  else location.hash = hash;
}

function show() {
  const [id, ...rest] = hashOf().split("="),
    view = VIEWS.find((one) => one.id === id && !one.hidden) || VIEWS[0];
  const argument = decodeURIComponent(rest.join("="));
  if (view.lasting === false) Object.assign(view, { seen: true, argument });
  choose(undefined);
  view.show(argument);
  at("tabs").replaceChildren(
    ...VIEWS.filter((one) => !one.hidden && (one.lasting !== false || one.seen)).map((one) => tab(one, one === view)),
  );
  document.body.dataset.view = view.id;
  at("view").setAttribute("aria-labelledby", `tab-${view.id}`);
}

const tab = (view, chosen) =>
  element(
    "button",
    {
      role: "tab",
      type: "button",
      id: `tab-${view.id}`,
      "aria-selected": chosen ? "true" : "false",
      "aria-controls": "view",
      tabindex: chosen ? "0" : "-1",
      onclick: () => go(view.lasting === false ? `${view.id}=${encodeURIComponent(view.argument)}` : view.id),
    },
    view.title,
  );

function tabKey(event) {
  const tabs = [...at("tabs").children],
    place = tabs.indexOf(event.target);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || place < 0) return;
  event.preventDefault();
  const next = tabs[(place + step + tabs.length) % tabs.length].id;
  at(next).click();
  // The address changes later; the tabs are made anew then.
  window.addEventListener("hashchange", () => at(next).focus(), { once: true });
}

const THEMES = { "": "Theme: as the system's", light: "Theme: light", dark: "Theme: dark" };

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  at("theme").textContent = { "": "◐", light: "☀", dark: "☾" }[theme];
  at("theme").title = THEMES[theme];
  at("theme").setAttribute("aria-label", THEMES[theme]);
  at("theme").dataset.theme = theme;
}

function pageKey(event) {
  if (event.target.matches("input") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "/") {
    event.preventDefault();
    at("query").focus();
    at("query").select();
  } else if (event.key === "p" && at("path")) {
    at("path").scrollIntoView({ block: "nearest" });
    (document.querySelector(".path button") || at("path")).focus();
  }
}

function fillTop() {
  document.title = `heapline: ${data.program}`;
  at("program").textContent = data.program;
  at("moment").textContent = [
    data.moment,
    plural(data.totals.nodes, "object"),
    plural(data.totals.edges, "reference"),
    formatBytes(data.totals.bytes),
  ]
    .filter(Boolean)
    .join(" · ");
  at("completeness").textContent = data.summary;
  at("notes").replaceChildren(element("ul", {}, ...data.notes.map((note) => element("li", {}, note))));
  at("about").classList.toggle("warning", data.incomplete);
}

fillTop();
setTheme("");
at("tabs").addEventListener("keydown", tabKey);
at("theme").addEventListener("click", () => setTheme({ "": "light", light: "dark", dark: "" }[at("theme").dataset.theme]));
at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  if (at("query").value.trim()) go(`search=${encodeURIComponent(at("query").value.trim())}`);
});
document.addEventListener("keydown", pageKey);
window.addEventListener("hashchange", show);
show();
document.body.dataset.ready = "true";

// A tree of rows as a table: role treegrid, one row in the order of tabs, arrow keys between them.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const sortOf = (type) => (type === undefined || type < 0 ? "root" : types.sort[type].replaceAll("+", "p"));
const typeTag = (type) => element("span", { class: `type ${sortOf(type)}` }, type < 0 ? "root" : typeName(type));

function edgeTag(row) {
  const stale = row.faint && row.parent && row.parent.node === 0;
  return element(
    "span",
    {
      class: row.faint ? "edge faint" : "edge",
      title: `${row.label}${stale ? ": a word that may be stale or hold nothing" : row.faint ? ": it holds nothing" : ""}`,
    },
    row.label,
  );
}

// Where no edge leads from the row above: the last one of its chain.
function chainTag(v) {
  const label = v && nodes.via[v] >= 0 ? edgeLabel(nodes.via[v]) : "";
  return label
    ? element(
        "span",
        { class: "edge dim", title: `the chain from a root ends in ${label}` },
        edges.from[nodes.via[v]] ? `…${label}` : label,
      )
    : null;
}

function nameOfNode(row) {
  const v = row.node,
    parts = [row.label ? edgeTag(row) : chainTag(v)];
  if (row.more) parts.push(element("span", { class: "dim" }, `and ${formatCount(row.more)} more`));
  if (v === 0) parts.push(element("span", { class: "root" }, "a root"));
  else if (nodeText(v)) parts.push(element("span", { class: "text" }, nodeText(v)));
  else if (!row.label) parts.push(element("span", { class: "dim" }, nodeAddress(v) || nodeType(v)));
  if (isRepeated(row)) parts.push(element("span", { class: "dim", title: "stands above already: a circle" }, "↻"));
  return parts;
}

function nameOfRow(row) {
  if (row.kind === "node") return nameOfNode(row);
  if (row.title)
    return [element("span", { class: "many" }, `${formatCount(row.count)} ×`), element("span", { title: row.title }, row.title)];
  if (row.kind === "group")
    return [
      element("span", { class: "many" }, `${formatCount(row.count)} ×`),
      row.lost ? element("span", { class: "dim" }, `${formatCount(row.entries.length)} in this page`) : null,
    ];
  if (row.kind === "left")
    return [
      element("span", { class: "many" }, `${formatCount(row.count)} ×`),
      element("span", { class: "dim" }, "not in this page"),
    ];
  if (row.kind === "more")
    return [element("span", { class: "link" }, `show ${formatCount(Math.min(PAGE, row.rest))} more of ${formatCount(row.rest)}`)];
  return [element("span", { class: "way" }, `${RELATIONS[row.relation].title} · ${formatCount(row.count)}`)];
}

function cellsOfRow(row) {
  const v = row.node,
    isNode = row.kind === "node" && v !== 0,
    many = row.kind === "group" || row.kind === "left";
  const retained = isNode ? nodes.retained[v] : many ? row.retained : null,
    own = isNode ? nodes.bytes[v] : many ? row.own : null;
  const share = retained && data.totals.bytes ? Math.min(1, retained / data.totals.bytes) : 0;
  const cell = (kind, ...content) => element("span", { role: "gridcell", class: kind }, ...content);
  return [
    cell(
      "name",
      element("span", { class: "twist", "aria-hidden": "true" }, canOpen(row) ? "▸" : ""),
      ...nameOfRow(row).filter(Boolean),
    ),
    cell("kind", isNode ? typeTag(nodes.type[v]) : many && !row.title ? typeTag(row.type) : ""),
    cell(
      "number",
      share > 0.002 ? element("span", { class: "bar", style: `width:${(share * 100).toFixed(1)}%` }) : "",
      retained === null ? "" : formatBytes(retained),
    ),
    cell("number", own === null ? "" : formatBytes(own)),
    cell("line", isNode && nodes.line[v] ? element("span", { title: nodeLine(v) }, nodeLine(v)) : ""),
  ];
}

const COLUMNS = [
  ["name", "Name"],
  ["kind", "Type"],
  ["number", "Retained"],
  ["number", "Own"],
  ["line", "Allocated at"],
];

class Tree {
  constructor(rows, title, choose, explore) {
    this.choose = choose;
    this.explore = explore;
    this.rows = new Map(); // element → row
    this.body = element("div", { role: "rowgroup" });
    this.element = element(
      "div",
      {
        role: "treegrid",
        class: "tree",
        "aria-label": title,
        onkeydown: (event) => this.key(event),
        onclick: (event) => this.click(event),
      },
      element(
        "div",
        { role: "rowgroup", class: "head" },
        element(
          "div",
          { role: "row" },
          ...COLUMNS.map(([kind, name]) => element("span", { role: "columnheader", class: kind }, name)),
        ),
      ),
      this.body,
    );
    this.body.append(...this.elements(rows, 0, rows.length));
    if (this.body.firstChild) this.body.firstChild.tabIndex = 0;
  }

  // Elements of rows from the one at `start` on, a page of them, and a row for the rest.
  elements(rows, start, all) {
    const shown = rows.slice(start, start + PAGE),
      made = shown.map((row, i) => this.elementOf(row, start + i + 1, all));
    const next = start + PAGE,
      rest = all - next;
    if (rest > 0)
      made.push(
        this.elementOf(
          { kind: "more", level: rows[0].level, parent: rows[0].parent, rest, go: () => this.elements(rows, next, all) },
          next + 1,
          all,
        ),
      );
    return made;
  }

  elementOf(row, place, all) {
    const made = element(
      "div",
      {
        role: "row",
        class: `row ${row.faint ? "weak" : ""}`,
        "aria-level": row.level,
        "aria-posinset": place,
        "aria-setsize": all,
        tabindex: "-1",
        "aria-expanded": canOpen(row) ? "false" : null,
        style: `--level:${row.level - 1}`,
      },
      ...cellsOfRow(row),
    );
    if (row.node !== undefined) made.dataset.node = row.node;
    this.rows.set(made, row);
    return made;
  }

  open(line) {
    const row = this.rows.get(line);
    if (line.getAttribute("aria-expanded") !== "false") return;
    line.setAttribute("aria-expanded", "true");
    const below = rowsBelow(row);
    line.after(...this.elements(below, 0, below.length));
    say(`${plural(below.length, "row")} below`);
  }

  close(line) {
    if (line.getAttribute("aria-expanded") !== "true") return;
    line.setAttribute("aria-expanded", "false");
    const level = this.rows.get(line).level;
    for (let next = line.nextSibling; next && this.rows.get(next).level > level; next = line.nextSibling) {
      this.rows.delete(next);
      next.remove();
    }
  }

  toggle(line) {
    const row = this.rows.get(line);
    if (row.kind === "more") {
      const more = row.go();
      line.replaceWith(...more);
      this.rows.delete(line);
      this.focus(more[0]);
    } else if (line.getAttribute("aria-expanded") === "true") this.close(line);
    else this.open(line);
  }

  focus(line) {
    if (!line) return;
    for (const other of this.body.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    for (const other of this.body.querySelectorAll('[aria-selected="true"]')) other.removeAttribute("aria-selected");
    line.tabIndex = 0;
    line.setAttribute("aria-selected", "true");
    line.focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
    const row = this.rows.get(line);
    if (row.node !== undefined) this.choose(row.node);
  }

  parentLine(line) {
    const level = this.rows.get(line).level;
    while (line && this.rows.get(line).level >= level) line = line.previousSibling;
    return line;
  }

  key(event) {
    const line = event.target.closest(".row");
    if (!line || event.ctrlKey || event.altKey || event.metaKey) return;
    const row = this.rows.get(line),
      open = line.getAttribute("aria-expanded");
    const page = Math.max(1, Math.floor(this.element.parentElement.clientHeight / line.offsetHeight) - 2);
    const step = (n, way) => {
      let at = line;
      while (n-- && at[way]) at = at[way];
      this.focus(at);
    };
    const act = {
      ArrowDown: () => step(1, "nextSibling"),
      ArrowUp: () => step(1, "previousSibling"),
      PageDown: () => step(page, "nextSibling"),
      PageUp: () => step(page, "previousSibling"),
      Home: () => this.focus(this.body.firstChild),
      End: () => this.focus(this.body.lastChild),
      ArrowRight: () => (open === "true" ? step(1, "nextSibling") : this.toggle(line)),
      ArrowLeft: () => (open === "true" ? this.close(line) : this.focus(this.parentLine(line))),
      Enter: () => this.toggle(line),
      " ": () => this.toggle(line),
      o: () => row.node > 0 && this.explore(row.node),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  click(event) {
    const line = event.target.closest(".row");
    if (!line) return;
    this.focus(line);
    if (event.target.closest(".twist, .way, .link, .many") || event.detail === 2) this.toggle(line);
  }
}

// The table of types: all of them, sortable by each column.

const TYPE_COLUMNS = [
  { key: "name", title: "Type", kind: "name" },
  { key: "module", title: "Module", kind: "module" },
  { key: "sort", title: "Kind", kind: "sort" },
  { key: "count", title: "Objects", kind: "number" },
  { key: "bytes", title: "Own", kind: "number" },
  { key: "retained", title: "Retained", kind: "number" },
];
const TYPE_PAGE = 200;

class TypeTable {
  constructor(open) {
    this.open = open;
    this.by = "retained";
    this.down = true;
    this.shown = TYPE_PAGE;
    this.body = element("tbody", {
      onkeydown: (event) => this.key(event),
      onclick: (event) => event.target.closest("tr") && this.go(event.target.closest("tr")),
    });
    this.heads = TYPE_COLUMNS.map((column) =>
      element(
        "th",
        { scope: "col", class: column.kind },
        element("button", { type: "button", onclick: () => this.sort(column.key) }, column.title),
      ),
    );
    this.more = element("button", {
      type: "button",
      class: "more",
      onclick: () => {
        this.shown += TYPE_PAGE * 5;
        this.fill();
      },
    });
    this.element = element(
      "div",
      { class: "types" },
      element(
        "table",
        {},
        element("caption", { class: "hidden" }, "All types"),
        element("thead", {}, element("tr", {}, ...this.heads)),
        this.body,
      ),
      this.more,
    );
    this.fill();
  }

  sort(key) {
    this.down = this.by === key ? !this.down : !["name", "module", "sort"].includes(key);
    this.by = key;
    this.fill();
    say(`sorted by ${TYPE_COLUMNS.find((column) => column.key === key).title}, ${this.down ? "largest" : "smallest"} first`);
  }

  order() {
    const column = types[this.by],
      sign = this.down ? -1 : 1;
    return types.name
      .map((_, type) => type)
      .filter((type) => types.count[type])
      .sort(
        (a, b) => sign * (typeof column[a] === "string" ? column[a].localeCompare(column[b]) : column[a] - column[b]) || a - b,
      );
  }

  fill() {
    TYPE_COLUMNS.forEach((column, i) =>
      this.heads[i].setAttribute("aria-sort", column.key !== this.by ? "none" : this.down ? "descending" : "ascending"),
    );
    const order = this.order(),
      rest = order.length - this.shown;
    this.body.replaceChildren(...order.slice(0, this.shown).map((type, i) => this.row(type, i)));
    this.more.hidden = rest <= 0;
    this.more.textContent = `show ${formatCount(Math.min(rest, TYPE_PAGE * 5))} more of ${formatCount(rest)}`;
  }

  row(type, place) {
    const cell = (kind, ...content) => element("td", { class: kind }, ...content);
    const least = types.exact[type] ? "" : "≥ ";
    return element(
      "tr",
      { tabindex: place ? "-1" : "0", "data-type": type },
      cell("name", typeTag(type)),
      cell("module", types.module[type]),
      cell("sort", types.sort[type]),
      cell("number", formatCount(types.count[type])),
      cell("number", formatBytes(types.bytes[type])),
      cell("number", `${least}${formatBytes(types.retained[type])}`),
    );
  }

  go(line) {
    this.open(`type:${typeName(Number(line.dataset.type))}`);
  }

  key(event) {
    const line = event.target.closest("tr");
    const to = {
      ArrowDown: line.nextSibling,
      ArrowUp: line.previousSibling,
      Home: this.body.firstChild,
      End: this.body.lastChild,
    }[event.key];
    if (event.key === "Enter") this.go(line);
    else if (to) {
      line.tabIndex = -1;
      to.tabIndex = 0;
      to.focus();
    } else if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
  }
}

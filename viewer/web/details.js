// What is known of the chosen object, and its way from a root.

function facts(v) {
  const of = [
    ["Type", [types.module[nodes.type[v]], nodeType(v)].filter(Boolean).join(types.sort[nodes.type[v]] === "python" ? "." : " ")],
    ["Kind", types.sort[nodes.type[v]]],
    ["Address", nodeAddress(v)],
    ["Own bytes", formatBytes(nodes.bytes[v])],
    ["Retained bytes", formatBytes(nodes.retained[v])],
    ["Allocated at", nodeLine(v)],
    ["Allocated after", nodes.born[v] >= 0 ? formatTime(nodes.born[v]) : ""],
    [
      "References",
      nodes.references[v] === IMMORTAL
        ? "not counted: it is immortal"
        : nodes.references[v]
          ? formatCount(nodes.references[v])
          : "",
    ],
    ["Held from C", nodes.fromC[v] ? plural(nodes.fromC[v], "reference") : ""],
    ["Refers to", formatCount(neighbours(v, "refers"))],
    ["Referred to by", formatCount(neighbours(v, "referrers"))],
  ];
  return of.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
}

const nodeButton = (v, explore) =>
  element(
    "button",
    { type: "button", class: "node", "data-node": v, onclick: () => explore(v) },
    typeTag(nodes.type[v]),
    " ",
    element("span", { class: "text" }, nodeText(v) || nodeAddress(v)),
  );

function pathSteps(v, explore) {
  const path = pathTo(v);
  if (!path)
    return element(
      "p",
      { class: "message" },
      "No root leads to it: it is garbage that waits for the collector, lost, or held from where nobody looked.",
    );
  return element(
    "ol",
    { class: "path" },
    ...path.map((edge, i) =>
      element(
        "li",
        {},
        element("span", { class: isFaint(edge) ? "edge faint" : "edge" }, edgeLabel(edge) || "→"),
        i === 0 ? element("span", { class: "dim" }, isFaint(edge) ? "a root that may be stale" : "root") : "",
        nodeButton(edges.to[edge], explore),
      ),
    ),
  );
}

function holder(v, explore) {
  const by = nodes.dominator[v];
  if (by === NOBODY) return element("p", {}, "Nothing holds it.");
  if (by === 0) return element("p", {}, "No single object: it goes only when all its ways from the roots are cut.");
  return element("p", {}, nodeButton(by, explore));
}

function showDetails(place, v, explore) {
  if (!v) {
    place.replaceChildren(
      element(
        "p",
        { class: "dim" },
        v === 0
          ? "The roots: static memory, stacks, registers, and what the interpreter itself holds."
          : "Choose an object to see what is known of it.",
      ),
    );
    return;
  }
  place.replaceChildren(
    element("h2", {}, typeTag(nodes.type[v]), " ", element("span", { class: "text" }, nodeText(v))),
    element(
      "p",
      { class: "actions" },
      element("button", { type: "button", id: "explore", onclick: () => explore(v) }, "Explore from here"),
    ),
    element("dl", {}, ...facts(v)),
    element("h3", { id: "path", tabindex: "-1" }, "Chain from a root"),
    pathSteps(v, explore),
    element("h3", {}, "Held alone by"),
    holder(v, explore),
  );
}

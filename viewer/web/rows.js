// Rows of trees: what stands below a row, whatever shows it.
//
// kinds: node    an object, reached by `label`            group     objects of one type together
//        links   "refers to", "referred to by": objects   left      objects that are not in this page, counted
//        more    further rows, when there are many
//
// Below an object stand, by the tree's relation, what it dominates, what it refers to or who refers to it; and behind, as rows
// to open, the other ways on.

const GROUP_FROM = 6; // so many of one type become a group
const PAGE = 100; // rows that are shown at once
const LARGE = 0.02; // what retains so much of the heap stands by itself

const RELATIONS = {
  dominated: { title: "holds alone", links: ["refers", "referrers"] },
  refers: { title: "refers to", links: ["referrers"] },
  referrers: { title: "referred to by", links: ["refers"] },
};

function nodeRow(parent, node, relation, edge = {}) {
  return {
    kind: "node",
    parent,
    level: parent ? parent.level + 1 : 1,
    node,
    relation,
    label: edge.label || "",
    faint: !!edge.faint,
    more: edge.more || 0,
  };
}

const labelFromDominator = (v) => {
  const from = nodes.dominator[v];
  for (let i = edges.into.first[v]; i < edges.into.first[v + 1]; i++) {
    const edge = edges.into.list[i];
    if (edges.from[edge] === from && holds(edge)) return edge;
  }
  return -1;
};

function entryOf(node, edge) {
  return edge < 0 ? { node, label: "" } : { node, label: edgeLabel(edge), faint: isFaint(edge), more: edges.more.get(edge) || 0 };
}

// {node, label, faint, more} for each neighbour in the page, those that retain most first.
function entriesOf(v, relation) {
  const entries = [];
  if (relation === "dominated") {
    for (let i = dominated.first[v]; i < dominated.first[v + 1]; i++)
      entries.push(entryOf(dominated.list[i], labelFromDominator(dominated.list[i])));
  } else if (relation === "refers") {
    for (let edge = edges.first[v]; edge < edges.first[v + 1]; edge++) entries.push(entryOf(edges.to[edge], edge));
  } else {
    for (let i = edges.into.first[v]; i < edges.into.first[v + 1]; i++)
      entries.push(entryOf(edges.from[edges.into.list[i]], edges.into.list[i]));
  }
  return entries.sort((a, b) => nodes.retained[b.node] - nodes.retained[a.node]);
}

const leftSum = (v, relation) => (left[relation].get(v) || []).reduce((sum, entry) => sum + entry.count, 0);

function neighbours(v, relation) {
  if (relation === "dominated") return dominated.first[v + 1] - dominated.first[v] + leftSum(v, relation);
  if (relation === "refers") return edges.first[v + 1] - edges.first[v] + leftSum(v, relation);
  return edges.into.first[v + 1] - edges.into.first[v] + leftSum(v, relation);
}

const sum = (entries, column) => entries.reduce((total, entry) => total + column[entry.node], 0);

const isLarge = (entry) => nodes.retained[entry.node] >= LARGE * data.totals.bytes;

// One row an entry, those of a type that occurs often together, but for large ones.
function rowsOfEntries(parent, entries, relation, missing) {
  const byType = new Map(),
    level = parent ? parent.level + 1 : 1,
    rows = entries.filter(isLarge).map((entry) => nodeRow(parent, entry.node, relation, entry));
  for (const entry of entries.filter((one) => !isLarge(one))) {
    const type = entry.node === 0 ? -1 : nodes.type[entry.node];
    if (!byType.has(type)) byType.set(type, { type, entries: [], count: 0, own: 0, retained: 0, lost: 0 });
    byType.get(type).entries.push(entry);
  }
  for (const { type, count, bytes } of missing) {
    if (!byType.has(type)) byType.set(type, { type, entries: [], count: 0, own: 0, retained: 0, lost: 0 });
    Object.assign(byType.get(type), { lost: count, lostBytes: bytes });
  }
  for (const { type, entries: list, lost, lostBytes = 0 } of byType.values()) {
    const together = {
      parent,
      level,
      relation,
      type,
      count: list.length + lost,
      lost,
      lostBytes,
      entries: list,
      // What several hold overlaps, unless nobody else holds them.
      retained: relation === "dominated" ? sum(list, nodes.retained) + lostBytes : null,
      own: relation === "dominated" && lost ? null : sum(list, nodes.bytes) + lostBytes,
    };
    if (list.length === 0) rows.push({ ...together, kind: "left" });
    else if (type >= 0 && (list.length >= GROUP_FROM || (lost && list.length + lost >= GROUP_FROM)))
      rows.push({ ...together, kind: "group" });
    else {
      for (const entry of list) rows.push(nodeRow(parent, entry.node, relation, entry));
      if (lost)
        rows.push({
          ...together,
          kind: "left",
          count: lost,
          retained: relation === "dominated" ? lostBytes : null,
          own: relation === "dominated" ? null : lostBytes,
        });
    }
  }
  const weight = (row) => (row.kind === "node" ? nodes.retained[row.node] : (row.retained ?? row.own ?? 0));
  return rows.sort((a, b) => weight(b) - weight(a));
}

// Roots have no type, but places: variables of one library, words of one stack.
function rootPlace(label) {
  const variable = /^global .* in (\S+)$/.exec(label) || /^globals of (\S+) at /.exec(label),
    word = /^((?:stack|registers?|thread-local memory) of thread \d+(?: \([^)]*\))?)/.exec(label);
  return variable ? `variables in ${variable[1]}` : word ? `${word[1]}` : label;
}

function rowsOfRoots(parent, entries, missing) {
  const places = new Map(),
    level = parent ? parent.level + 1 : 1,
    rows = [];
  for (const entry of entries) {
    const place = rootPlace(entry.label);
    if (!places.has(place)) places.set(place, []);
    places.get(place).push(entry);
  }
  for (const [title, list] of places) {
    const alone = list.length < GROUP_FROM ? list : list.filter(isLarge),
      others = list.length < GROUP_FROM ? [] : list.filter((entry) => !isLarge(entry));
    rows.push(...alone.map((entry) => nodeRow(parent, entry.node, "refers", entry)));
    if (others.length)
      rows.push({
        kind: "group",
        parent,
        level,
        relation: "refers",
        title,
        count: others.length,
        lost: 0,
        entries: others,
        retained: null,
        own: sum(others, nodes.bytes),
      });
  }
  const largest = (row) => (row.kind === "node" ? nodes.retained[row.node] : nodes.retained[row.entries[0].node]);
  return [...rows.sort((a, b) => largest(b) - largest(a)), ...rowsOfEntries(parent, [], "refers", missing)];
}

const linkRow = (row, relation) => ({
  kind: "links",
  parent: row,
  level: row.level + 1,
  node: row.node,
  relation,
  count: neighbours(row.node, relation),
});

// A root's neighbours are roots' names; nobody refers to them.
function rowsBelowNode(row) {
  if (row.node === 0 && row.relation === "refers") return rowsOfRoots(row, entriesOf(0, "refers"), left.refers.get(0) || []);
  const rows = rowsOfEntries(row, entriesOf(row.node, row.relation), row.relation, left[row.relation].get(row.node) || []);
  if (row.node !== 0)
    for (const relation of RELATIONS[row.relation].links) if (neighbours(row.node, relation)) rows.push(linkRow(row, relation));
  return rows;
}

function rowsBelowGroup(row) {
  const rows = row.entries.map((entry) => nodeRow(row, entry.node, row.relation, entry));
  if (row.lost)
    rows.push({
      kind: "left",
      parent: row,
      level: row.level + 1,
      relation: row.relation,
      type: row.type,
      count: row.lost,
      retained: row.relation === "dominated" ? row.lostBytes : null,
      own: row.relation === "dominated" ? null : row.lostBytes,
    });
  return rows;
}

function rowsBelow(row) {
  if (!row.below) {
    if (row.kind === "node") row.below = rowsBelowNode(row);
    else if (row.kind === "group") row.below = rowsBelowGroup(row);
    else row.below = rowsOfEntries(row, entriesOf(row.node, row.relation), row.relation, left[row.relation].get(row.node) || []);
  }
  return row.below;
}

function canOpen(row) {
  if (row.kind === "node")
    return row.node === 0
      ? row.relation !== "referrers"
      : neighbours(row.node, row.relation) > 0 ||
          RELATIONS[row.relation].links.some((relation) => neighbours(row.node, relation));
  return row.kind === "group" || row.kind === "links";
}

// The object stands above itself already: references go round in a circle here.
function isRepeated(row) {
  if (row.kind !== "node") return false;
  for (let up = row.parent; up; up = up.parent) if (up.kind === "node" && up.node === row.node) return true;
  return false;
}

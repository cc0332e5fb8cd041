// The data of the page (viewer/output/graph_html.c writes it, and describes it), made into arrays by node.

const data = JSON.parse(document.getElementById("data").textContent);
document.getElementById("data").remove();

const NOBODY = -1; // of `dominator`: no root leads to it
const IMMORTAL = -1; // of `references`

// Adjacency in one array: the entries of node v are list[first[v]] … list[first[v + 1] - 1].
function bucket(n, keys) {
  const first = new Uint32Array(n + 1),
    list = new Uint32Array(keys.length);
  for (const key of keys) if (key >= 0) first[key + 1]++;
  for (let v = 0; v < n; v++) first[v + 1] += first[v];
  const next = first.slice(0, n);
  for (let i = 0; i < keys.length; i++) if (keys[i] >= 0) list[next[keys[i]]++] = i;
  return { first, list };
}

function decodeNodes(columns) {
  const n = columns.type.length,
    address = new Float64Array(n);
  let at = 0;
  for (let v = 0; v < n; v++) address[v] = at += columns.address[v];
  return {
    n,
    address,
    type: Uint32Array.from(columns.type),
    bytes: Float64Array.from(columns.bytes),
    retained: Float64Array.from(columns.retained),
    line: Uint32Array.from(columns.line),
    text: Uint32Array.from(columns.text),
    references: Int32Array.from(columns.references),
    fromC: Uint32Array.from(columns.from_c),
    born: Float64Array.from(columns.born_ms),
    dominator: Int32Array.from(columns.dominator),
    via: Int32Array.from(columns.via),
  };
}

function decodeEdges(columns, n) {
  const m = columns.to.length,
    from = new Uint32Array(m),
    first = new Uint32Array(n + 1);
  for (let v = 0, e = 0; v < n; v++) {
    first[v + 1] = first[v] + columns.count[v];
    for (; e < first[v + 1]; e++) from[e] = v;
  }
  return {
    m,
    from,
    first,
    to: Uint32Array.from(columns.to),
    label: Uint32Array.from(columns.label),
    into: bucket(n, columns.to),
    more: pairs(columns.more),
  };
}

// [key, value, key, value …]
function pairs(flat) {
  const map = new Map();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  return map;
}

// What was left out beside each node: [node less the one before, type, count, bytes …] gives node → list of {type, count, bytes}.
function leftOut(flat) {
  const map = new Map();
  let node = 0;
  for (let i = 0; i < flat.length; i += 4) {
    node += flat[i];
    if (!map.has(node)) map.set(node, []);
    map.get(node).push({ type: flat[i + 1], count: flat[i + 2], bytes: flat[i + 3] });
  }
  return map;
}

const strings = data.strings,
  types = data.types,
  nodes = decodeNodes(data.nodes),
  edges = decodeEdges(data.edges, nodes.n);
const dominated = bucket(nodes.n, nodes.dominator);
const left = {
  dominated: leftOut(data.left_out.dominated),
  refers: leftOut(data.left_out.refers),
  referrers: leftOut(data.left_out.referrers),
  unheld: leftOut(data.left_out.unheld),
};

// Labels are a number and, in its two lowest bits, how it is meant.
const FORM_NAME = 0,
  FORM_INDEX = 1,
  FORM_OFFSET = 2,
  FORM_WEAK = 3;

function edgeLabel(edge) {
  const value = edges.label[edge] >>> 2,
    form = edges.label[edge] & 3;
  if (form === FORM_INDEX) return `[${value}]`;
  if (form === FORM_OFFSET) return `+0x${value.toString(16)}`;
  return strings[value];
}

// Of a root's edge: a word that may be stale, on a stack or in a register. Of others: a weak reference, which holds nothing.
function isFaint(edge) {
  return (edges.label[edge] & 3) === FORM_WEAK;
}

function holds(edge) {
  return edges.from[edge] === 0 || !isFaint(edge);
}

const typeName = (type) => types.name[type];
const nodeType = (v) => (v === 0 ? "the roots" : typeName(nodes.type[v]));
const nodeText = (v) => strings[nodes.text[v]];
const nodeLine = (v) => strings[nodes.line[v]];
const nodeAddress = (v) => (nodes.address[v] ? `0x${nodes.address[v].toString(16)}` : "");

function nodeName(v) {
  if (v === 0) return "the roots";
  return [nodeType(v), nodeText(v) || nodeAddress(v)].filter(Boolean).join(" ");
}

// As heapline prints numbers: powers of 1024, three digits.
function formatBytes(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (bytes >= 1023.5 && unit + 1 < units.length) {
    bytes /= 1024;
    unit++;
  }
  if (unit === 0) return `${Math.round(bytes)} B`;
  return `${bytes.toFixed(bytes < 9.995 ? 2 : bytes < 99.95 ? 1 : 0)} ${units[unit]}`;
}

const formatCount = (count) => count.toLocaleString("en-US");
const plural = (count, word) => `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;

function formatTime(ms) {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(3)} s`;
}

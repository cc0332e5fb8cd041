// Paths from a root, and search.

// Edges of the chain from a root to `v`, outermost first; null when nothing leads there. Which edges make it, heapline chose:
// names before words that may be stale.
function pathTo(v) {
  const path = [];
  while (v !== 0) {
    if (nodes.via[v] < 0) return null;
    path.push(nodes.via[v]);
    v = edges.from[nodes.via[v]];
  }
  return path.reverse();
}

const byRetained = (a, b) => nodes.retained[b] - nodes.retained[a] || a - b;

// The object that begins at the address, or the last one before it whose bytes reach to it.
function findAddress(address) {
  const found = [];
  for (let v = 1; v < nodes.n; v++)
    if (nodes.address[v] === address || (nodes.address[v] < address && address < nodes.address[v] + nodes.bytes[v]))
      found.push(v);
  return found;
}

// "Order", "type:Order" (exactly that type), "line:app.py:31", "0x7f…": nodes, those that retain most first.
function search(query) {
  const text = query.trim();
  if (/^(addr:)?0x[0-9a-f]+$/i.test(text)) return findAddress(parseInt(text.replace(/^addr:/i, ""), 16)).sort(byRetained);
  const [, field, rest] = /^(?:(type|line):)?(.*)$/is.exec(text),
    wanted = rest.toLowerCase();
  if (!wanted) return [];
  const has = (string) => string.toLowerCase().includes(wanted);
  const inType = types.name.map((name) => (field === "type" ? name === rest : !field && has(name)));
  const inString = strings.map((string) => field !== "type" && has(string));
  const found = [];
  for (let v = 1; v < nodes.n; v++)
    if (
      inType[nodes.type[v]] ||
      (nodes.line[v] && inString[nodes.line[v]]) ||
      (!field && nodes.text[v] && inString[nodes.text[v]])
    )
      found.push(v);
  return found.sort(byRetained);
}

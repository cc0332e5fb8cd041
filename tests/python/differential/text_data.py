# The standard library's data modules: json both ways, re, csv, struct, collections.
import collections
import csv
import io
import json
import re
import struct

records = [{"id": i, "name": "name %d" % i, "tags": ["a", "b", str(i)], "size": i / 7} for i in range(200)]
dumped = json.dumps(records)
loaded = json.loads(dumped)
pretty = json.dumps(records[:20], indent=2)
pattern = re.compile(r"name (\d+)")
found = pattern.findall(dumped)
matches = [m for m in pattern.finditer(dumped)]
replaced = pattern.sub(lambda m: "[%s]" % m[1], dumped)
split = re.split(r"[,:]\s*", dumped)
out = io.StringIO()
writer = csv.writer(out)
for record in records:
    writer.writerow([record["id"], record["name"]])
rows = list(csv.reader(out.getvalue().splitlines()))
packed = [struct.pack("<IId", i, i, i / 3) for i in range(200)]
unpacked = [struct.unpack("<IId", p) for p in packed]
counter = collections.Counter(found)
ordered = collections.OrderedDict((w, len(w)) for w in found)
queue = collections.deque(range(1000, 2000), maxlen=300)
default = collections.defaultdict(list)
for word in found:
    default[word[:1]].append(word)

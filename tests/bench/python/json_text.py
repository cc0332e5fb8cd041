"""json_text.py ROUNDS: writes nested records as JSON, reads them back, and looks into what came."""
import json
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


def records(n):
    return [{"id": i, "name": f"user {i % 97}", "scores": [i * 0.25, i % 7, -i], "tags": ["new", "paid"] if i % 3 else [],
             "address": {"street": "Långgatan", "number": i % 50}, "active": i % 2 == 0, "note": None} for i in range(n)]


def main():
    rows, length, total = records(1000), 0, 0
    for _ in range(ROUNDS):
        text = json.dumps(rows)
        lines = [json.dumps(row, sort_keys=True) for row in rows]
        length += len(text) + sum(map(len, lines))
        again = json.loads(text)
        total += sum(json.loads(line)["address"]["number"] for line in lines)
        assert again == rows
    print(length, total)


main()

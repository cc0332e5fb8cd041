"""comprehensions.py ROUNDS: lists, dictionaries and sets out of comprehensions, sorted, grouped, merged, thrown away."""
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


def main():
    total = 0
    for step in range(ROUNDS):
        rows = [{"id": i, "group": i * 7 % 50, "amount": i * step % 1000} for i in range(2000)]
        by_id = {row["id"]: row for row in rows if row["amount"] % 3}
        groups = {}
        for row in rows:
            groups.setdefault(row["group"], []).append(row["amount"])
        sums = {group: sum(amounts) for group, amounts in groups.items()}
        pairs = [(a, b) for a in range(60) for b in range(a) if (a + b) % 3 == 0]
        merged = {**sums, **{a * 100 + b: a - b for a, b in pairs}}
        order = sorted(merged.items(), key=lambda item: (-item[1], item[0]))
        total += len(by_id) + order[0][1] + len({amount // 10 for _, amount in order})
    print(total)


main()

"""str_methods.py ROUNDS: splits, strips, joins, formats, encodes: strings that live for a moment."""
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


def main():
    lines = [f"  key {i}; value={i * 3}, Größe={i % 10},name=Person Number {i % 77}  \n" for i in range(1000)]
    words = length = 0
    for _ in range(ROUNDS):
        for line in lines:
            parts = line.strip().replace(";", ",").split(",")
            words += len(line.split())
            pairs = [part.partition("=") for part in parts]
            name = "-".join(key.strip().upper() for key, _, _ in pairs)
            text = "%s|%5d|%s" % (name, len(parts), pairs[-1][2].title())
            data = text.encode()
            length += len(data) + len(data.decode()) + len(line[3:-3].center(80, "*"))
    print(words, length)


main()

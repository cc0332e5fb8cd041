"""re_scan.py ROUNDS: takes log lines apart with regular expressions, replaces and splits."""
import re
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40
LINE = re.compile(r'(?P<host>\S+) \[(?P<day>\d+)/(?P<month>\w{3})\] '
                  r'"(?P<verb>GET|POST) (?P<path>[^" ]+)" (?P<status>\d{3}) (?P<size>\d+)')
WORD = re.compile(r"[a-z]+")
NUMBER = re.compile(r"\d+")


def log(n):
    return [f'10.0.{i % 256}.{i * 7 % 256} [{i % 28 + 1}/Nov] "{"GET" if i % 4 else "POST"} /item/{i}?page={i % 9}" '
            f'{200 if i % 11 else 404} {i * 37 % 9000}' for i in range(n)]


def main():
    lines, size, words, parts, replaced = log(1000), 0, 0, 0, 0
    for _ in range(ROUNDS):
        for line in lines:
            found = LINE.match(line)
            fields = found.groupdict()
            if fields["status"] == "200":
                size += int(fields["size"])
            words += len(WORD.findall(line))
            parts += len(re.split(r"[/?= ]", line))
            replaced += len(NUMBER.sub(lambda match: "#" * len(match.group()), fields["path"]))
    print(size, words, parts, replaced)


main()

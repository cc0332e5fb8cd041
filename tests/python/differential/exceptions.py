# Exceptions that are kept with their tracebacks and frames, chained, raised in generators, swallowed.
kept = []


def fails(n):
    local = bytes(n + 600)
    raise ValueError("failed with %d" % len(local))


def chained(n):
    try:
        fails(n)
    except ValueError as error:
        raise KeyError("chained %d" % n) from error


for i in range(30):
    try:
        fails(i)
    except ValueError as error:
        kept.append(error)
for i in range(20):
    try:
        chained(i)
    except KeyError as error:
        kept.append(error)
for i in range(200):
    try:
        fails(i)
    except ValueError:
        pass


def finishing(n):
    try:
        return bytes(n)
    finally:
        kept.append(bytes(n + 1))


returned = [finishing(i + 700) for i in range(20)]
messages = [str(e) for e in kept if isinstance(e, Exception)]

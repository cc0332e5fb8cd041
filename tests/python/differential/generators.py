# Generators: suspended with memory in their frames, delegating, closed, exhausted, sent values.
def numbers(n):
    for i in range(n):
        text = "number %d" % i
        yield text


def delegating(n):
    kept = bytes(2000 + n)
    yield len(kept)
    result = yield from numbers(n)
    return result


def receiving():
    got = []
    while True:
        value = yield len(got)
        got.append([value] * 10)


suspended = [numbers(10) for _ in range(50)]
for generator in suspended:
    next(generator)
delegates = [delegating(i + 5) for i in range(20)]
taken = [[next(d), next(d)] for d in delegates]
receiver = receiving()
next(receiver)
for i in range(40):
    receiver.send(i)
closed = [numbers(3) for _ in range(10)]
for generator in closed:
    next(generator)
    generator.close()
listed = list(numbers(100))
expression = (bytes(k) for k in range(500, 600))
first = [next(expression) for _ in range(5)]

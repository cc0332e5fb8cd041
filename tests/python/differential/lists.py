# Lists: literals, growth by append and extend, slices, sorting, nesting, shrinking.
small = [object() for _ in range(100)]
grown = []
for i in range(1000):
    grown.append(object())
extended = []
extended.extend(bytes(40) for _ in range(50))
extended += [bytearray(10)]
repeated = [None] * 5000
cut = repeated[100:3000]
shrunk = list(range(1000, 3000))
del shrunk[50:]
nested = [[object()] * k for k in range(600, 700)]
backwards = sorted(range(100000, 100500), reverse=True)
grown.clear()
moved = [None] * 300
moved[10:20] = [object() for _ in range(1000)]
moved.insert(0, "text of its own %d" % len(moved))

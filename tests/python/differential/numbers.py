# Numbers: big integers, floats, complex, fractions of growing size, bit operations.
powers = [3 ** (i * 20) for i in range(60)]
factorial = [1]
for i in range(1, 150):
    factorial.append(factorial[-1] * i)
shifted = [1 << (i * 100) for i in range(50)]
texts = [str(p) for p in powers]
back = [int(t) for t in texts]
complexes = [complex(i, -i) for i in range(100)]
divided = [divmod(p, 10 ** 9 + 7) for p in powers]
ratios = [(i * 0.1).as_integer_ratio() for i in range(60)]
masked = [p & (2 ** 200 - 1) for p in powers]
ranges = [range(i * 10 ** 20, i * 10 ** 20 + 5) for i in range(30)]

# Strings of each width: joining, formatting, growth in place, slices, interning, encoding, splitting.
import sys

words = ["word %d" % i for i in range(400)]
text = " ".join(words)
lines = text.split(" w")
narrow = "a" * 5000
middle = "\u0142" * 5000
wide = "\U0001f600" * 5000
grown = ""
for i in range(300):
    grown += "piece %d, " % i
formatted = [f"{i:>20}|{i * 1.5:.3f}" for i in range(1000, 1200)]
upper = [w.upper() for w in words]
interned = [sys.intern("interned name %d" % i) for i in range(200)]
encoded = [w.encode("utf-16") for w in words]
decoded = [e.decode("utf-16") for e in encoded]
replaced = text.replace("word", "\u043a\u0430\u0433")
half = narrow[:2500]
parts = text.partition("word 200")
translated = text.translate({ord("w"): "vv"})

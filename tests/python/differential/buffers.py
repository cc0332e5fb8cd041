# Bytes and buffers that grow: bytearray by append and extend, BytesIO, array, memoryview, bytes joined.
import array
import io

grown = bytearray()
for i in range(5000):
    grown.append(i & 255)
extended = bytearray()
for i in range(200):
    extended += bytes(i)
stream = io.BytesIO()
for i in range(500):
    stream.write(b"some bytes %d" % i)
text = io.StringIO()
for i in range(500):
    text.write("some text %d" % i)
value = stream.getvalue()
numbers = array.array("d")
for i in range(2000):
    numbers.append(i / 2)
longer = array.array("q", range(3000))
view = memoryview(grown)[100:200]
joined = b"".join(bytes([i & 255]) * 20 for i in range(300))
cut = bytearray(100000)
del cut[1000:]
chunks = [joined[i:i + 100] for i in range(0, len(joined), 100)]

"""Bytes as people write them, and which series grow."""
import random
import sys
import unittest

import harness  # noqa: F401  (puts the package on the path)

from heapline._trend import judge
from heapline._units import format_bytes, parse_bytes


class Units(unittest.TestCase):
    def test_read(self):
        for text, value in (("4096", 4096), (4096, 4096), ("24 MB", 24 << 20), ("1.5 GiB", 3 << 29), ("64k", 65536), (".5K", 512),
                            ("1B", 1), ("7.", 7), (0, 0), ("1.0001k", 1024), ("0.0005k", 1)):
            self.assertEqual(parse_bytes(text), value)

    def test_refused(self):
        for text in ("", "MB", "1e3", "24 MX", "-1", -1, "1..5", True, None, 1.5, "1 k b", "\u0661"):
            with self.assertRaises(ValueError, msg=repr(text)):
                parse_bytes(text)

    def test_written(self):
        for value, text in ((0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (10235, "10.0 KiB"), (102348, "99.9 KiB"),
                            (102349, "100 KiB"), (1023 << 10, "1023 KiB"), ((1 << 20) - 1, "1.00 MiB"), (5 << 20, "5.00 MiB"), (-1536, "-1.50 KiB"), (1 << 63, "8.00 EiB")):
            self.assertEqual(format_bytes(value), text)


def walk(steps):
    y, series = 0, []
    for step in steps:
        y += step
        series.append(y)
    return series


class Trend(unittest.TestCase):
    def test_every_iteration_leaks(self):
        for n in (12, 20, 50):
            growth = judge([100000 + 16 * i for i in range(n)], 3, 0)
            self.assertEqual((growth.slope, growth.low, growth.high), (16, 16, 16))

    def test_warm_up_is_left_out(self):
        growth = judge([0, 90000, 99000] + [100000 + 16 * i for i in range(17)], 1, 0)
        self.assertEqual((growth.slope, growth.first), (16, 3))
        self.assertIsNone(judge([0, 90000, 99000] + [100000] * 17, 1, 0))

    def test_limit(self):
        series = [1000 * i for i in range(20)]
        self.assertIsNone(judge(series, 3, 1000))
        self.assertIsNotNone(judge(series, 3, 999))

    def test_a_list_grows_in_steps(self):
        kept, series = [], []
        for i in range(20):
            kept.append(i)
            series.append(sys.getsizeof(kept) + 32 * i)
        self.assertIsNotNone(judge(series, 5, 0))

    def test_caches_and_garbage_pass(self):
        self.assertIsNone(judge([5] * 20, 5, 0))
        self.assertIsNone(judge([100 * min(i, 9) for i in range(20)], 5, 0))                  # levels off
        self.assertIsNone(judge([100 * min(i, 14) for i in range(20)], 5, 0))
        self.assertIsNone(judge([0] * 10 + [1000] * 10, 3, 0))                                # one step
        self.assertIsNone(judge([100 * (i % 5) for i in range(30)], 5, 0))                    # a saw
        self.assertIsNone(judge([100 * (i % 12) for i in range(20)], 3, 0))
        self.assertIsNone(judge([1000 - 10 * i for i in range(20)], 3, 0))                    # shrinks

    def test_noise_passes(self):
        found = 0
        for seed in range(1000):
            random.seed(seed)
            found += judge([int(random.gauss(0, 1000)) for i in range(20)], 5, 0) is not None
            found += judge(walk(random.choice((-100, 0, 100)) for i in range(20)), 5, 0) is not None
        self.assertLess(found, 20)         # of 2,000, half of which walk about at random

    def test_growth_under_noise(self):
        found = 0
        for seed in range(200):
            random.seed(seed)
            found += judge([int(random.gauss(0, 100)) + 64 * i for i in range(50)], 5, 0) is not None
        self.assertGreater(found, 180)


if __name__ == "__main__":
    unittest.main()

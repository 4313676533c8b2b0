import unittest

import count


class Counts(unittest.TestCase):
    def test_lines_words_and_bytes_are_counted(self):
        self.assertEqual(count.counts(b""), (0, 0, 0))
        self.assertEqual(count.counts(b"to be\nor not\n"), (2, 4, 13))

    def test_a_line_ends_with_the_name(self):
        self.assertEqual(count.line(b"a\n", "x.txt"), "       1       1       2 x.txt")

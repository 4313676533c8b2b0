import unittest

import answer


class Table(unittest.TestCase):
    def test_each_word_has_a_line(self):
        self.assertEqual(answer.table([("be", 2), ("or", 1)]), "     2 be\n     1 or\n")
        self.assertEqual(answer.table([]), "")

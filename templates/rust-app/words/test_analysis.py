import unittest

import analysis


class Analysis(unittest.TestCase):
    def test_the_most_frequent_words_come_first(self):
        found = analysis.frequent("To be, or not to be: that", 3)
        self.assertEqual(found, [("be", 2), ("to", 2), ("not", 1)])

    def test_only_letters_and_digits_make_a_palindrome(self):
        self.assertTrue(analysis.palindrome("A man, a plan, a canal: Panama"))
        self.assertFalse(analysis.palindrome("Holm"))
        with self.assertRaises(ValueError):
            analysis.palindrome("?!")

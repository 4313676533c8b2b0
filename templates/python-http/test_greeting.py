import unittest

import greeting


class Answers(unittest.TestCase):
    def test_who_gives_a_name_is_greeted_by_it(self):
        self.assertEqual(greeting.answer("/", {}), (200, "Hello, world!\n"))
        self.assertEqual(greeting.answer("/", {"name": ["Ada"]}), (200, "Hello, Ada!\n"))

    def test_there_is_nothing_elsewhere(self):
        self.assertEqual(greeting.answer("/elsewhere", {})[0], 404)

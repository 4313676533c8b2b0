"""A component in Python: two plain functions."""

import wit_world


class WitWorld(wit_world.WitWorld):
    def greet(self, name: str) -> str:
        return f"Hello, {name}! This is Python."

    def sum(self, numbers: list[float]) -> float:
        return float(sum(numbers))

"""What requests are answered: `GET /` and `GET /?name=Ada`."""


def answer(path: str, query: dict[str, list[str]]) -> tuple[int, str]:
    """The status and the text for a request."""
    if path != "/":
        return 404, "nothing is here\n"
    name = query.get("name", ["world"])[0]
    return 200, f"Hello, {name}!\n"

from spin_sdk import http, key_value, variables
from spin_sdk.http import Request, Response


class HttpHandler(http.Handler):
    async def handle_request(self, request: Request) -> Response:
        if request.uri.endswith("/kv"):
            with await key_value.open_default() as store:
                await store.set("count", str(int(await store.get("count") or b"0") + 1).encode())
                return Response(200, {"content-type": "text/plain"}, await store.get("count"))
        if request.uri.endswith("/greeting"):
            return Response(200, {"content-type": "text/plain"}, (await variables.get("greeting")).encode())
        return Response(200, {"content-type": "text/plain"}, b"Hello from Python!")

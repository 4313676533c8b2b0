from spin_sdk import key_value, variables
from spin_sdk.http import IncomingHandler as Base, Request, Response


class IncomingHandler(Base):
    def handle_request(self, request: Request) -> Response:
        if request.uri.endswith("/kv"):
            with key_value.open_default() as store:
                store.set("count", str(int(store.get("count") or b"0") + 1).encode())
                return Response(200, {"content-type": "text/plain"}, store.get("count"))
        if request.uri.endswith("/greeting"):
            return Response(200, {"content-type": "text/plain"}, variables.get("greeting").encode())
        return Response(200, {"content-type": "text/plain"}, b"Hello from Python!")

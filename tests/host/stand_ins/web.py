"""A web server that answers every GET with 200, and each request to /die by dying."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/die":
            os._exit(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())

    def log_message(self, *args: object) -> None:
        pass


class Server(HTTPServer):
    allow_reuse_address = True


Server((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()

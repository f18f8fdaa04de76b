"""Serves one page: `python3 page.py PORT`."""

from __future__ import annotations

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

if __name__ == "__main__":
    handler = functools.partial(SimpleHTTPRequestHandler, directory="site")
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()

# SPDX-License-Identifier: Apache-2.0
"""The upstream of all peers: an nginx that is never the bottleneck."""

import http.client
import os

from bench import machine

KIB, MIB = 1024, 1024 * 1024

CONFIGURATION = """
{user}
worker_processes 1;
daemon off;
pid {folder}/origin.pid;
error_log {folder}/origin.log error;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  sendfile on;
  open_file_cache max=16;
  keepalive_requests 100000000;
  keepalive_timeout 1h;
  client_body_buffer_size 2m;
  client_max_body_size 2m;
  client_body_temp_path {folder}/origin-body;
  proxy_temp_path {folder}/origin-proxy;
  fastcgi_temp_path {folder}/origin-fastcgi;
  uwsgi_temp_path {folder}/origin-uwsgi;
  scgi_temp_path {folder}/origin-scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    location / {{ expires 1h; }}
    location = /requests {{ stub_status; }}
    # `mirror` reads the whole request; then a file refuses the POST, and only then comes the answer. `return` or
    # `try_files` in its place would answer before the content has arrived.
    location = /pass/sink {{ mirror /read; error_page 405 = @done; }}
    location = /read {{ internal; return 204; }}
    location @done {{ return 200 "taken\\n"; }}
  }}
}}
"""


class Origin:
    def __init__(self, folder):
        self.folder, self.port = folder, machine.free_port()
        for name, size in (("pass/1k", KIB), ("pass/1m", MIB), ("hit/1k", KIB), ("pass/sink", 0)):
            path = folder / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * size)
        file = folder / "origin.conf"
        file.write_text(CONFIGURATION.format(folder=folder, port=self.port, user=nginx_user()))
        folder.chmod(0o755)
        command = [machine.tool("nginx"), "-p", folder, "-e", folder / "origin.log", "-c", file]
        self.process = machine.Process(command, machine.LOAD_CORE, folder / "origin.out", self.port)

    def __enter__(self):
        self.process.__enter__()
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def requests(self):
        """How many requests it has seen, with this one."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        client.request("GET", "/requests")
        lines = client.getresponse().read().decode().splitlines()
        client.close()
        return int(lines[2].split()[2])


def nginx_user():
    """Without it, a root's nginx becomes another user who may not read the temporary folder."""
    return "user root;" if os.geteuid() == 0 else ""

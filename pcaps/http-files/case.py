"""Files of an install over HTTP: whole, in chunks, compressed, in parts, over one connection, sent (nginx)."""

import os
import subprocess
import sys

CONFIGURATION = """hostname device.example
snmp-server community perpass-example ro
interface eth0
 ip address 192.0.2.10 255.255.255.0
end
"""

NGINX = """daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/error.log;
events {{}}
http {{
    access_log off;
    default_type application/octet-stream;
    types {{ text/plain cfg; }}
    gzip on;
    gzip_min_length 1;
    gzip_types text/plain;
    client_body_temp_path {scratch}/body;
    server {{
        listen 192.0.2.1:80;
        root {root};
        location /old/ {{ return 302 /device.cfg; }}
        location /put/ {{ dav_methods PUT; create_full_put_path on; }}
    }}
}}
"""


def image(size):
    """Bytes that are the same each time, and of no known format."""
    return bytes((n * 7 + n // 256) % 251 for n in range(size))


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        out.write(data)
    return path


def make(lab, out):
    root = lab.scratch_file("root")
    os.makedirs(os.path.join(root, "put"))
    subprocess.run(["chmod", "-R", "a+rwx", lab.scratch, root], check=True)
    configuration = write(root, "device.cfg", CONFIGURATION.encode())
    write(root, "start.ks", b"install\ntext\n")
    write(root, "image.swi", image(5000))
    write(root, "page", b"<html>nothing of an install</html>\n")
    write(root, "running", CONFIGURATION.encode())
    conf = write(lab.scratch, "nginx.conf", NGINX.format(scratch=lab.scratch, root=root).encode())
    got = lab.scratch_file("got")

    def run(*argv, code=0):
        client = lab.start(lab.client_ns, *argv)
        client.close_input()
        client.finish()
        assert client.popen.returncode == code, client.log()

    def curl(*options):
        run("curl", "-sS", *options)

    def url(name, port=80):
        return f"http://192.0.2.1:{port}/{name}"

    simple = (sys.executable, "-m", "http.server", "8080", "--bind", "192.0.2.1", "--directory", root)
    with lab.serving(80, "nginx", "-p", lab.scratch, "-c", conf), lab.serving(8080, *simple), \
            lab.capture(f"{out}/capture.pcap", "tcp port 80 or tcp port 8080"):
        curl("-o", got, url("device.cfg"))
        curl("--compressed", "-o", got, url("device.cfg"))
        with open(got, "rb") as file:
            assert file.read() == CONFIGURATION.encode()
        curl("-r", "0-1999", "-o", got, url("image.swi"))
        curl("-C", "2000", "-o", got, url("image.swi"))
        curl("-o", got, url("page"), "-o", got, url("start.ks"), "-o", got, url("device.cfg"))
        curl("-L", "-o", got, url("old/device.cfg"))
        curl("-u", "installer:perpass", "-o", got, url("ztp/missing?serial=1234"))
        curl("-I", "-o", got, url("image.swi"))
        curl("-T", configuration, url("put/device-confg"))
        run("busybox", "wget", "-q", "-O", got, url("page"))
        run("wget", "-q", "-O", got, url("running", 8080))
        curl("-A", "Mozilla/5.0", "-o", got, url("page"), "-o", got, url("page"))
    with open(os.path.join(root, "put", "device-confg"), "rb") as file:
        assert file.read() == CONFIGURATION.encode()

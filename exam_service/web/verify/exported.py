"""The verify page as files that any web server can host, beside what services/trust_export.py writes."""

from collections.abc import Iterator

from exam_service.services.trust_export import File
from exam_service.web.kept_page import PAGE
from exam_service.web.verify.shell import PLACE, page_of

_PAGES = ("index.html", "404.html", "v/index.html", "verify/index.html")
"""The same page at each: a QR code leads to `/v/<number>`, where there is no file, so servers show one of these."""

_HTACCESS = """\
# Apache: what has no file of its own is a certificate's number.
FallbackResource /v/index.html
"""
_HTACCESS_ROOT = """\
# Apache: content types of files that have no ending, and that anybody's page may read what is published.
<IfModule mod_headers.c>
    Header set Access-Control-Allow-Origin "*" "expr=%{REQUEST_URI} =~ m#^/(orgs|\\.well-known)/#"
</IfModule>
<IfModule mod_rewrite.c>
    RewriteEngine On
    RewriteRule ^orgs/[^/]+/status/[0-9]+$ - [T=application/vc]
    RewriteRule ^orgs/[^/]+/status/[0-9]+\\.jwt$ - [T=application/vc+jwt]
    RewriteRule ^orgs/[^/]+/log/checkpoint$ - [T=text/plain]
</IfModule>
"""
_REDIRECTS = "/v/* /v/index.html 200\n"
_HEADERS = """\
/orgs/*
  Access-Control-Allow-Origin: *
/.well-known/*
  Access-Control-Allow-Origin: *
/orgs/*/status/*
  Content-Type: application/vc
"""
_NGINX = """\
# In the `server` block of this address, with `root` at this folder:
location /v/ { try_files $uri $uri/ /v/index.html; }
location /.well-known/ { add_header Access-Control-Allow-Origin *; }
location /orgs/ { add_header Access-Control-Allow-Origin *; default_type application/octet-stream; }
location ~ ^/orgs/[^/]+/status/[0-9]+$ { add_header Access-Control-Allow-Origin *; default_type application/vc; }
location ~ ^/orgs/[^/]+/log/checkpoint$ { add_header Access-Control-Allow-Origin *; default_type text/plain; }
"""


def files(public_url: str) -> Iterator[File]:
    """The page with what it loads, and what servers need to know. What a page needs comes before the page."""
    page = page_of(public_url)
    for name in page.needed:
        yield File(f"{PLACE.path[1:]}{page.version}/{name}", page.files[name].content)
    html = page.files[PAGE].content
    yield File(f"{PLACE.path[1:]}{page.version}/{PAGE}", html)
    yield File("v/worker.js", page.worker)
    for name in _PAGES:
        yield File(name, html)
    for name, text in (
        ("v/.htaccess", _HTACCESS),
        (".htaccess", _HTACCESS_ROOT),
        ("_redirects", _REDIRECTS),
        ("_headers", _HEADERS),
        ("nginx.conf.example", _NGINX),
    ):
        yield File(name, text.encode())

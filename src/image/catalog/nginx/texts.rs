//! nginx's small files. Written for the lab, with the sizes of the real ones.

/// `/etc/nginx/nginx.conf`: 648 bytes.
pub(super) const CONF: &str = "
user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /var/run/nginx.pid;


events {
    worker_connections  1024;
}


http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '
                      '$status $body_bytes_sent \"$http_referer\" '
                      '\"$http_user_agent\" \"$http_x_forwarded_for\"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    #tcp_nopush     on;

    keepalive_timeout  65;

    #gzip  on;

    include /etc/nginx/conf.d/*.conf;
}
";

/// `/etc/nginx/conf.d/default.conf`.
pub(super) const SITE: &str = "server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    # errors of the server itself get their own page
    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
";

pub(super) const INDEX: &str = "<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto; font-family: sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page comes from the image's own layer. Put another file over
/usr/share/nginx/html/index.html and nobody sees it any more, though the
layer below still holds it.</p>
</body>
</html>
";

pub(super) const ERROR: &str = "<!DOCTYPE html>
<html>
<head><title>Error</title></head>
<body>
<h1>Something went wrong.</h1>
<p>The page cannot be shown just now. Try again later.</p>
</body>
</html>
";

pub(super) const ENTRYPOINT: &str = "#!/bin/sh
# Prepares the configuration, then becomes the command.
set -e
if [ \"$1\" = nginx ] || [ \"$1\" = nginx-debug ]; then
    for script in /docker-entrypoint.d/*.sh; do
        if [ -x \"$script\" ]; then
            echo \"$0: running $script\"
            \"$script\"
        else
            echo \"$0: passing over $script, it can't be executed\"
        fi
    done
    echo \"$0: ready for start up\"
fi
exec \"$@\"
";

pub(super) const LISTEN: &str = "#!/bin/sh
# Listens on IPv6 as well, unless somebody has changed the site's file.
set -e
site=/etc/nginx/conf.d/default.conf
[ -f \"$site\" ] || exit 0
[ -f /proc/net/if_inet6 ] || exit 0
grep -q 'listen.*\\[::\\]' \"$site\" && exit 0
sed -i 's,listen       80;,listen       80;\\n    listen  [::]:80;,' \"$site\"
";

pub(super) const RESOLVERS: &str = "#!/bin/sh
# Offers the container's name servers to the templates.
set -e
[ -n \"${NGINX_ENTRYPOINT_LOCAL_RESOLVERS:-}\" ] || exit 0
NGINX_LOCAL_RESOLVERS=$(awk '$1 == \"nameserver\" { print $2 }' /etc/resolv.conf)
export NGINX_LOCAL_RESOLVERS
";

pub(super) const ENVSUBST: &str = "#!/bin/sh
# Fills environment variables into /etc/nginx/templates/*.template.
set -e
from=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
to=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
[ -d \"$from\" ] || exit 0
for template in \"$from\"/*.template; do
    [ -f \"$template\" ] || continue
    name=${template##*/}
    envsubst < \"$template\" > \"$to/${name%.template}\"
done
";

pub(super) const TUNE: &str = "#!/bin/sh
# Sets the number of workers to the number of processors.
set -e
[ -n \"${NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE:-}\" ] || exit 0
conf=/etc/nginx/nginx.conf
[ -w \"$conf\" ] || exit 0
sed -i \"s/^worker_processes.*/worker_processes  $(nproc);/\" \"$conf\"
";

pub(super) const MIME: &str = "
types {
    text/html                             html htm shtml;
    text/css                              css;
    text/xml                              xml;
    text/plain                            txt;
    text/mathml                           mml;
    image/gif                             gif;
    image/jpeg                            jpeg jpg;
    image/png                             png;
    image/svg+xml                         svg svgz;
    image/webp                            webp;
    image/x-icon                          ico;
    application/javascript                js;
    application/json                      json;
    application/pdf                       pdf;
    application/wasm                      wasm;
    application/zip                       zip;
    application/atom+xml                  atom;
    application/rss+xml                   rss;
    application/octet-stream              bin exe dll deb dmg iso img;
    audio/mpeg                            mp3;
    audio/ogg                             ogg;
    font/woff                             woff;
    font/woff2                            woff2;
    video/mp4                             mp4;
    video/webm                            webm;
}
";

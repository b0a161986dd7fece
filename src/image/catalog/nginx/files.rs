//! What nginx's packages bring, and the libraries below its modules in Alpine: listings (see
//! `listing.rs`). The packages' own lists of files; sizes of Alpine's libraries are estimated.

/// The packages of nginx.org for Debian.
pub(super) const DEBIAN: &str = "\
= nginx 1.25.3-1~bookworm 3516 amd64 httpd web server
/etc/default
nginx 374
nginx-debug 418
/etc/init.d
nginx 4244 755
nginx-debug 4248 755
/etc/logrotate.d
nginx 351
/etc/nginx
fastcgi_params 1007
mime.types 5349
modules > /usr/lib/nginx/modules
nginx.conf 648
scgi_params 636
uwsgi_params 664
/etc/nginx/conf.d
default.conf 1093
/lib/systemd/system
nginx-debug.service 543
nginx.service 529
/usr/lib/nginx/modules
/usr/sbin
nginx 1481320 755
nginx-debug 1516264 755
/usr/share/doc/nginx
copyright 1538
/usr/share/nginx/html
50x.html 497
index.html 615
/var/cache/nginx
/var/log/nginx
= nginx-module-geoip 1.25.3-1~bookworm 112 amd64 httpd GeoIP modules
/usr/lib/nginx/modules
ngx_http_geoip_module.so 26880
ngx_stream_geoip_module.so 22712
/usr/share/doc/nginx-module-geoip
copyright 1538
= nginx-module-image-filter 1.25.3-1~bookworm 101 amd64 httpd image filter module
/usr/lib/nginx/modules
ngx_http_image_filter_module.so 27000
/usr/share/doc/nginx-module-image-filter
copyright 1538
= nginx-module-njs 1.25.3+0.8.2-1~bookworm 4982 amd64 httpd njs modules
/usr/bin
njs 1170208 755
/usr/lib/nginx/modules
ngx_http_js_module.so 1214000
ngx_stream_js_module.so 1189000
/usr/share/doc/nginx-module-njs
copyright 1538
= nginx-module-xslt 1.25.3-1~bookworm 101 amd64 httpd XSLT module
/usr/lib/nginx/modules
ngx_http_xslt_filter_module.so 22784
/usr/share/doc/nginx-module-xslt
copyright 1538
=
/usr/share/keyrings
nginx-archive-keyring.gpg 1561
/var/log/nginx
access.log > /dev/stdout
error.log > /dev/stderr
";

/// The packages of nginx.org for Alpine, curl and envsubst.
pub(super) const ALPINE: &str = "\
= nginx 1.25.3-r1 nginx 900000 3411968 Web server
/etc/init.d
nginx 2969 755
nginx-debug 1097 755
/etc/logrotate.d
nginx 377
/etc/nginx
fastcgi_params 1007
mime.types 5349
modules > /usr/lib/nginx/modules
nginx.conf 648
scgi_params 636
uwsgi_params 664
/etc/nginx/conf.d
default.conf 1093
/usr/lib/nginx/modules
/usr/sbin
nginx 1258000 755
nginx-debug 1292816 755
/usr/share/nginx/html
50x.html 497
index.html 615
/var/cache/nginx
/var/log/nginx
= nginx-module-geoip 1.25.3-r1 nginx-module-geoip 17000 77824 GeoIP modules
/usr/lib/nginx/modules
ngx_http_geoip_module.so 26880 755
ngx_stream_geoip_module.so 22712 755
= nginx-module-image-filter 1.25.3-r1 nginx-module-image-filter 12000 45056 Image filter module
/usr/lib/nginx/modules
ngx_http_image_filter_module.so 27000 755
= nginx-module-njs 1.25.3.0.8.2-r1 nginx-module-njs 1400000 4882432 njs modules
/usr/bin
njs 1107224 755
/usr/lib/nginx/modules
ngx_http_js_module.so 1214000 755
ngx_stream_js_module.so 1189000 755
= nginx-module-xslt 1.25.3-r1 nginx-module-xslt 11000 45056 XSLT module
/usr/lib/nginx/modules
ngx_http_xslt_filter_module.so 22784 755
= curl 8.5.0-r0 curl 150000 274432 Transfers data by URL
/usr/bin
curl 255912 755
=
/usr/local/bin
envsubst 35096 755
/var/log/nginx
access.log > /dev/stdout
error.log > /dev/stderr
";

/// Libraries in Alpine.
pub(super) const ALPINE_LIBRARIES: &str = "\
= aom-libs 3.7.1-r0 aom-libs 2362572 5910528 AV1 codec
/usr/lib
libaom.so.3 > libaom.so.3.7.1
libaom.so.3.7.1 5906432 755
= brotli-libs 1.1.0-r1 brotli 416000 860160 Brotli compression
/usr/lib
libbrotlicommon.so.1 > libbrotlicommon.so.1.1.0
libbrotlicommon.so.1.1.0 137888 755
libbrotlidec.so.1 > libbrotlidec.so.1.1.0
libbrotlidec.so.1.1.0 50792 755
libbrotlienc.so.1 > libbrotlienc.so.1.1.0
libbrotlienc.so.1.1.0 676576 755
= c-ares 1.22.1-r0 c-ares 64000 143360 Asynchronous names
/usr/lib
libcares.so.2 > libcares.so.2.10.1
libcares.so.2.10.1 132832 755
= fontconfig 2.14.2-r4 fontconfig 107014 271632 Chooses fonts
/usr/lib
libfontconfig.so.1 > libfontconfig.so.1.12.1
libfontconfig.so.1.12.1 267536 755
= freetype 2.13.2-r0 freetype 279635 703184 Draws fonts
/usr/lib
libfreetype.so.6 > libfreetype.so.6.20.1
libfreetype.so.6.20.1 699088 755
= geoip 1.6.12-r5 geoip 126000 258048 Countries of addresses
/usr/lib
libGeoIP.so.1 > libGeoIP.so.1.6.12
libGeoIP.so.1.6.12 218032 755
= libavif 1.0.3-r0 libavif 68841 176200 AVIF images
/usr/lib
libavif.so.16 > libavif.so.16.0.3
libavif.so.16.0.3 172104 755
= libbsd 0.11.7-r3 libbsd 20432 55176 Functions of BSD
/usr/lib
libbsd.so.0 > libbsd.so.0.11.7
libbsd.so.0.11.7 51080 755
= libbz2 1.0.8-r6 libbz2 27043 71704 bzip2 library
/usr/lib
libbz2.so.1 > libbz2.so.1.0.8
libbz2.so.1.0.8 67608 755
= libcurl 8.5.0-r0 curl 330000 589824 Transfers data by URL
/usr/lib
libcurl.so.4 > libcurl.so.4.8.0
libcurl.so.4.8.0 596160 755
= libdav1d 1.3.0-r1 libdav1d 839308 2102368 AV1 decoder
/usr/lib
libdav1d.so.7 > libdav1d.so.7.0.0
libdav1d.so.7.0.0 2098272 755
= libedit 20230828.3.1-r3 libedit 73113 186880 Line editing
/usr/lib
libedit.so.0 > libedit.so.0.0.72
libedit.so.0.0.72 182784 755
= libexpat 2.5.0-r2 libexpat 56729 145920 XML parser
/usr/lib
libexpat.so.1 > libexpat.so.1.8.10
libexpat.so.1.8.10 141824 755
= libgcrypt 1.10.3-r0 libgcrypt 482777 1211040 Cryptography
/usr/lib
libgcrypt.so.20 > libgcrypt.so.20.4.3
libgcrypt.so.20.4.3 1206944 755
= libgd 2.3.3-r8 gd 128000 266240 Draws images
/usr/lib
libgd.so.3 > libgd.so.3.0.11
libgd.so.3.0.11 256976 755
= libgpg-error 1.47-r2 libgpg-error 48960 126496 Errors of GnuPG
/usr/lib
libgpg-error.so.0 > libgpg-error.so.0.34.0
libgpg-error.so.0.34.0 122400 755
= libidn2 2.3.4-r4 libidn2 82489 210320 Names of all languages
/usr/lib
libidn2.so.0 > libidn2.so.0.3.8
libidn2.so.0.3.8 206224 755
= libintl 0.22.3-r0 gettext 24000 61440 Translations
/usr/lib
libintl.so.8 > libintl.so.8.4.0
libintl.so.8.4.0 43000 755
= libjpeg-turbo 3.0.1-r0 libjpeg-turbo 243257 612240 JPEG images
/usr/lib
libjpeg.so.8 > libjpeg.so.8.3.2
libjpeg.so.8.3.2 608144 755
= libmd 1.1.0-r0 libmd 20422 55152 Message digests
/usr/lib
libmd.so.0 > libmd.so.0.1.0
libmd.so.0.1.0 51056 755
= libncursesw 6.4_p20231125-r0 libncursesw 122832 311176 Screens of text
/usr/lib
libncursesw.so.6 > libncursesw.so.6.4
libncursesw.so.6.4 307080 755
= libpng 1.6.40-r0 libpng 82518 210392 PNG images
/usr/lib
libpng16.so.16 > libpng16.so.16.40.0
libpng16.so.16.40.0 206296 755
= libsharpyuv 1.3.2-r0 libsharpyuv 10604 30608 YUV conversion
/usr/lib
libsharpyuv.so.0 > libsharpyuv.so.0.0.1
libsharpyuv.so.0.0.1 26512 755
= libunistring 1.1-r2 libunistring 691331 1732424 Unicode
/usr/lib
libunistring.so.5 > libunistring.so.5.0.0
libunistring.so.5.0.0 1728328 755
= libwebp 1.3.2-r0 libwebp 189420 477648 WebP images
/usr/lib
libwebp.so.7 > libwebp.so.7.1.8
libwebp.so.7.1.8 473552 755
= libx11 1.8.7-r0 libx11 498348 1249968 X11 client
/usr/lib
libX11.so.6 > libX11.so.6.4.0
libX11.so.6.4.0 1245872 755
= libxau 1.0.11-r3 libxau 5619 18144 X11 authorisation
/usr/lib
libXau.so.6 > libXau.so.6.0.0
libXau.so.6.0.0 14048 755
= libxcb 1.16-r0 libxcb 58121 149400 X11 protocol
/usr/lib
libxcb.so.1 > libxcb.so.1.1.0
libxcb.so.1.1.0 145304 755
= libxdmcp 1.1.4-r3 libxdmcp 8915 26384 X11 display manager protocol
/usr/lib
libXdmcp.so.6 > libXdmcp.so.6.0.0
libXdmcp.so.6.0.0 22288 755
= libxext 1.3.5-r2 libxext 28672 75776 X11 extensions
/usr/lib
libXext.so.6 > libXext.so.6.4.0
libXext.so.6.4.0 71680 755
= libxml2 2.11.6-r0 libxml2 490000 1146880 XML library
/usr/lib
libxml2.so.2 > libxml2.so.2.11.6
libxml2.so.2.11.6 1147272 755
= libxpm 3.5.17-r0 libxpm 25401 67600 Pixmaps
/usr/lib
libXpm.so.4 > libXpm.so.4.11.0
libXpm.so.4.11.0 63504 755
= libxslt 1.1.39-r0 libxslt 170000 413696 XSLT library
/usr/lib
libexslt.so.0 > libexslt.so.0.8.21
libexslt.so.0.8.21 88056 755
libxslt.so.1 > libxslt.so.1.1.39
libxslt.so.1.1.39 225256 755
= nghttp2-libs 1.58.0-r0 nghttp2 70000 139264 HTTP/2
/usr/lib
libnghttp2.so.14 > libnghttp2.so.14.25.1
libnghttp2.so.14.25.1 137896 755
= pcre2 10.42-r2 pcre2 270000 667648 Regular expressions
/usr/lib
libpcre2-8.so.0 > libpcre2-8.so.0.11.2
libpcre2-8.so.0.11.2 633608 755
= tiff 4.6.0-r0 tiff 202464 510256 TIFF images
/usr/lib
libtiff.so.6 > libtiff.so.6.0.2
libtiff.so.6.0.2 506160 755
= xz-libs 5.4.5-r0 xz-libs 71552 182976 Strong compression
/usr/lib
liblzma.so.5 > liblzma.so.5.4.5
liblzma.so.5.4.5 178880 755
= zstd-libs 1.5.5-r8 zstd-libs 256534 645432 Zstandard
/usr/lib
libzstd.so.1 > libzstd.so.1.5.5
libzstd.so.1.5.5 641336 755
";

//! `golang:1.21-alpine`: on alpine's layer.

use super::alpine;
use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use crate::fs::Layer;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-09, Go 1.21.5.
const CREATED: i64 = 1_702_083_600;

/// The toolchain with sources, tools and test data: what the course counts the builder's base with.
const TOOLCHAIN: u64 = 292_110_336;

const PATH: &str =
    "PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&alpine::IMAGE, CREATED);
    recipe.layer("/bin/sh -c apk add --no-cache ca-certificates", "RUN apk add", certificates());
    recipe.meta(
        "/bin/sh -c #(nop)  ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
    recipe.meta("/bin/sh -c #(nop)  ENV GOLANG_VERSION=1.21.5");
    recipe.layer(RUN_GO, "RUN install go", toolchain());
    recipe.meta("/bin/sh -c #(nop)  ENV GOTOOLCHAIN=local").meta("/bin/sh -c #(nop)  ENV GOPATH=/go");
    recipe.meta(&format!("/bin/sh -c #(nop)  ENV {PATH}"));
    recipe.layer(
        "/bin/sh -c mkdir -p \"$GOPATH/src\" \"$GOPATH/bin\" && chmod -R 1777 \"$GOPATH\"",
        "RUN mkdir /go",
        workspace(),
    );
    recipe.meta("/bin/sh -c #(nop) WORKDIR /go");
    recipe.config(|config| {
        config.env = words(&[PATH, "GOLANG_VERSION=1.21.5", "GOTOOLCHAIN=local", "GOPATH=/go"]);
        config.working_dir = "/go".to_owned();
    });
    recipe.finish()
});

const RUN_GO: &str = "/bin/sh -c set -eux; \tapk add --no-cache --virtual .fetch-deps gnupg; \tarch=\"$(apk --print-arch)\"; \
    \turl='https://dl.google.com/go/go1.21.5.linux-amd64.tar.gz'; \twget -O go.tgz \"$url\"; \
    \ttar -C /usr/local -xzf go.tgz; \trm go.tgz; \tapk del --no-network .fetch-deps; \tgo version";

fn certificates() -> Layer {
    let mut s = Sketch::new("golang", CREATED);
    alpine::add_packages(
        &mut s,
        "ca-certificates 20230506-r0 ca-certificates 150236 704512 Root certificates\n",
        "ca-certificates",
    );
    s.program("/usr/sbin/update-ca-certificates", "update-ca-certificates", 18_552);
    s.files("/etc", "ca-certificates.conf 6016").files("/etc/ssl/certs", "ca-certificates.crt 215703");
    s.dirs(0o755, "/etc/ca-certificates/update.d /usr/local/share/ca-certificates");
    s.fill_up(519_330, "/usr/share/ca-certificates/mozilla", ROOTS);
    s.seal()
}

fn toolchain() -> Layer {
    let mut s = Sketch::new("golang", CREATED);
    let go = "/usr/local/go";
    s.program("/usr/local/go/bin/go", "go", 13_082_624).program(
        "/usr/local/go/bin/gofmt",
        "gofmt",
        2_785_280,
    );
    s.text(&format!("{go}/VERSION"), "go1.21.5\ntime 2023-11-29T21:21:46Z\n");
    s.files(go, "CONTRIBUTING.md 1339 LICENSE 1479 PATENTS 1303 README.md 1455 SECURITY.md 426 codereview.cfg 52 go.env 505");
    s.programs(&format!("{go}/pkg/tool/linux_amd64"), TOOLS);
    s.files(
        &format!("{go}/pkg/include"),
        "asm_amd64.h 1022 asm_ppc64x.h 1955 funcdata.h 2573 textflag.h 1513",
    );
    s.spread(&format!("{go}/api"), 5_100_000, API)
        .files(&format!("{go}/lib/time"), "zoneinfo.zip 401727 update.bash 2211");
    s.spread(&format!("{go}/doc"), 480_000, "asm.html go_mem.html go_spec.html godebug.md");
    s.files("/lib/apk/db", "scripts.tar 15360");
    for package in PACKAGES.split_whitespace() {
        let dir = format!("{go}/src/{package}");
        let name = package.rsplit('/').next().unwrap_or(package);
        s.spread(
            &dir,
            60_000 + 9_000 * name.len() as u64,
            &format!("doc.go {name}.go {name}_test.go export_test.go"),
        );
    }
    s.spread(
        &format!("{go}/src/cmd/compile/internal/ssa"),
        15_800_000,
        "rewriteAMD64.go rewriteARM64.go rewriteS390X.go rewritegeneric.go opGen.go",
    );
    s.fill_up(TOOLCHAIN, &format!("{go}/test"), TESTS);
    s.seal()
}

fn workspace() -> Layer {
    let mut s = Sketch::new("golang", CREATED);
    s.dirs(0o1777, "/go /go/bin /go/src");
    s.seal()
}

const TOOLS: &str = "addr2line 3120112 asm 4726784 buildid 2621440 cgo 4554752 compile 24010752 covdata 3481600 \
    cover 4915200 dist 3563520 distpack 3072000 doc 3899392 fix 3416064 link 6402048 nm 3030000 objdump 4435968 \
    pack 2293760 pprof 14417920 test2json 2867200 trace 13971456 vet 7716864";

const API: &str = "go1.txt go1.1.txt go1.10.txt go1.11.txt go1.12.txt go1.13.txt go1.14.txt go1.15.txt go1.16.txt \
    go1.17.txt go1.18.txt go1.19.txt go1.2.txt go1.20.txt go1.21.txt go1.3.txt go1.4.txt go1.5.txt go1.6.txt \
    go1.7.txt go1.8.txt go1.9.txt except.txt";

const PACKAGES: &str = "archive/tar archive/zip bufio builtin bytes cmp compress/bzip2 compress/flate compress/gzip \
    compress/lzw compress/zlib container/heap container/list container/ring context crypto crypto/aes crypto/cipher \
    crypto/des crypto/dsa crypto/ecdh crypto/ecdsa crypto/ed25519 crypto/elliptic crypto/hmac crypto/md5 crypto/rand \
    crypto/rc4 crypto/rsa crypto/sha1 crypto/sha256 crypto/sha512 crypto/subtle crypto/tls crypto/x509 database/sql \
    debug/buildinfo debug/dwarf debug/elf debug/gosym debug/macho debug/pe debug/plan9obj embed encoding \
    encoding/ascii85 encoding/asn1 encoding/base32 encoding/base64 encoding/binary encoding/csv encoding/gob \
    encoding/hex encoding/json encoding/pem encoding/xml errors expvar flag fmt go/ast go/build go/constant go/doc \
    go/format go/importer go/parser go/printer go/scanner go/token go/types hash hash/adler32 hash/crc32 hash/crc64 \
    hash/fnv hash/maphash html html/template image image/color image/draw image/gif image/jpeg image/png \
    index/suffixarray internal/abi internal/cpu internal/poll internal/reflectlite internal/trace io io/fs io/ioutil \
    log log/slog log/syslog maps math math/big math/bits math/cmplx math/rand mime mime/multipart \
    mime/quotedprintable net net/http net/http/cgi net/http/cookiejar net/http/httptest net/http/httputil \
    net/http/pprof net/mail net/netip net/rpc net/smtp net/textproto net/url os os/exec os/signal os/user path \
    path/filepath plugin reflect regexp regexp/syntax runtime runtime/cgo runtime/debug runtime/metrics \
    runtime/pprof runtime/race runtime/trace slices sort strconv strings sync sync/atomic syscall testing \
    testing/fstest testing/iotest testing/quick text/scanner text/tabwriter text/template time unicode unicode/utf16 \
    unicode/utf8 unsafe vendor/golang.org/x/crypto vendor/golang.org/x/net vendor/golang.org/x/sys \
    vendor/golang.org/x/text cmd/asm cmd/cgo cmd/compile/internal/gc cmd/compile/internal/types2 cmd/go \
    cmd/go/internal/load cmd/go/internal/modload cmd/go/internal/work cmd/link/internal/ld cmd/vet";

const TESTS: &str = "abi/bench.bin chan/select.bin escape/data.bin fixedbugs/issues.bin inline/data.bin \
    interface/data.bin ken/data.bin stress/runstress.bin syntax/data.bin typeparam/data.bin testdata/corpus.bin";

const ROOTS: &str = "ACCVRAIZ1.crt AC_RAIZ_FNMT-RCM.crt Actalis_Authentication_Root_CA.crt AffirmTrust_Commercial.crt \
    Amazon_Root_CA_1.crt Amazon_Root_CA_2.crt Amazon_Root_CA_3.crt Amazon_Root_CA_4.crt Buypass_Class_2_Root_CA.crt \
    Certigna.crt Certum_Trusted_Network_CA.crt Comodo_AAA_Services_root.crt DigiCert_Global_Root_CA.crt \
    DigiCert_Global_Root_G2.crt Entrust_Root_Certification_Authority.crt GTS_Root_R1.crt GTS_Root_R4.crt \
    GlobalSign_Root_CA.crt Go_Daddy_Class_2_CA.crt ISRG_Root_X1.crt ISRG_Root_X2.crt QuoVadis_Root_CA_2.crt \
    SSL.com_Root_Certification_Authority_RSA.crt Starfield_Class_2_CA.crt SwissSign_Gold_CA_-_G2.crt \
    T-TeleSec_GlobalRoot_Class_2.crt USERTrust_RSA_Certification_Authority.crt";

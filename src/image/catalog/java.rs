//! Java: Temurin on Ubuntu and on alpine, the older `openjdk` on Debian, and Maven and Gradle on Temurin.

use super::debian::{self, Added};
use super::recipe::Recipe;
use super::sketch::Sketch;
use super::{alpine, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of Java. The tree is 17's in all of them.
pub(super) struct Release {
    major: &'static str,
    /// `17.0.9+9`.
    version: &'static str,
    /// Bytes of what is unpacked: the kit to develop with, the runtime; on alpine the kit, the runtime.
    bytes: [u64; 4],
}

pub(super) static V8: Release =
    Release { major: "8", version: "8u392", bytes: [162_000_000, 108_000_000, 160_000_000, 106_000_000] };
pub(super) static V11: Release = Release {
    major: "11",
    version: "11.0.21+9",
    bytes: [322_000_000, 135_000_000, 293_000_000, 125_000_000],
};
pub(super) static V17: Release =
    Release { major: "17", version: "17.0.9+9", bytes: [318_000_000, 144_000_000, 290_000_000, 139_000_000] };
pub(super) static V21: Release = Release {
    major: "21",
    version: "21.0.1+12",
    bytes: [336_000_000, 159_000_000, 307_000_000, 152_000_000],
};

/// 2023-12-20.
const CREATED: i64 = 1_703_030_400;

const HOME: &str = "/opt/java/openjdk";

/// `eclipse-temurin`: the kit or the runtime alone.
pub(super) fn temurin(java: &'static Release, kit: bool, on_alpine: bool) -> Arc<Image> {
    let base = if on_alpine {
        alpine::shared(&alpine::V3_18)
    } else {
        super::image("ubuntu:22.04").unwrap_or_else(|| debian::JAMMY.image())
    };
    let what = if kit { "jdk" } else { "jre" };
    let word = if on_alpine { "alpine" } else { "jammy" };
    let mut recipe = Recipe::from(&base, CREATED);
    recipe.env("JAVA_HOME", HOME).path("/opt/java/openjdk/bin");
    recipe.envs(&[("LANG", "en_US.UTF-8"), ("LANGUAGE", "en_US:en"), ("LC_ALL", "en_US.UTF-8")]);
    if on_alpine {
        recipe.run(RUN_APK, "RUN apk add", "temurin/alpine", || {
            let mut s = Sketch::new("temurin", CREATED);
            let world =
                "binutils ca-certificates fontconfig musl-locales musl-locales-lang p11-kit-trust tzdata";
            alpine::install(&mut s, &alpine::Added { base: &alpine::V3_18, before: "", new: APK, world });
            s.done()
        });
    } else {
        recipe.run(RUN_APT, "RUN apt-get", "temurin/jammy", || {
            let mut s = Sketch::new("temurin", CREATED);
            debian::install(&mut s, &Added { base: &debian::JAMMY, before: "", new: APT });
            s.text("/etc/locale.gen", "en_US.UTF-8 UTF-8\n");
            s.done()
        });
    }
    let version = if java.major == "8" { "jdk8u392-b08".to_owned() } else { format!("jdk-{}", java.version) };
    recipe.env("JAVA_VERSION", &version);
    let key = format!("temurin/{}/{what}/{word}", java.major);
    recipe.run(RUN_JAVA, "RUN install java", &key, move || {
        let mut s = Sketch::new("temurin", CREATED);
        let at = usize::from(!kit) + 2 * usize::from(on_alpine);
        unpack(&mut s, java, kit, HOME, java.bytes.get(at).copied().unwrap_or_default());
        if !on_alpine {
            s.text(
                "/etc/ld.so.conf.d/docker-openjdk.conf",
                "/opt/java/openjdk/lib\n/opt/java/openjdk/lib/server\n",
            );
        }
        s.done()
    });
    recipe.run(RUN_VERIFY, "RUN verify", "nothing", Tree::new);
    recipe.copy("entrypoint.sh /__cacert_entrypoint.sh", "COPY entrypoint", "temurin/entrypoint", || {
        let mut s = Sketch::new("temurin", CREATED);
        s.script("/__cacert_entrypoint.sh", ENTRYPOINT, 1_175);
        s.done()
    });
    let cmd = recipe.now().cmd.clone();
    recipe.entrypoint(&["/__cacert_entrypoint.sh"]);
    if kit && java.major != "8" {
        recipe.cmd(&["jshell"]);
    } else {
        recipe.config(|config| config.cmd = cmd);
    }
    recipe.finish()
}

/// `openjdk`: no longer made since 2022, and still what many Dockerfiles begin with.
pub(super) fn openjdk(java: &'static Release, kit: bool) -> Arc<Image> {
    let base = super::image("debian:bullseye-slim").unwrap_or_else(|| debian::BULLSEYE_SLIM.image());
    let what = if kit { "jdk" } else { "jre" };
    let version = match java.major {
        "8" => "8u342",
        "11" => "11.0.16",
        _ => "17.0.2",
    };
    let home = format!("/usr/local/openjdk-{}", java.major);
    let mut recipe = Recipe::from(&base, OPENJDK);
    recipe.layer(
        "/bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tca-certificates p11-kit \t; \
         \trm -rf /var/lib/apt/lists/*",
        "RUN apt-get",
        "openjdk/debian",
        || {
            let mut s = Sketch::new("openjdk", OPENJDK);
            debian::install(&mut s, &Added { base: &debian::BULLSEYE_SLIM, before: "", new: APT_OPENJDK });
            s.done()
        },
    );
    let meta = |text: &str| format!("/bin/sh -c #(nop)  {text}");
    let path = format!("{home}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let env = [
        ("JAVA_HOME", home.clone()),
        ("PATH", path),
        ("LANG", "C.UTF-8".to_owned()),
        ("JAVA_VERSION", version.to_owned()),
    ];
    for (name, value) in &env {
        recipe.meta(&meta(&format!("ENV {name}={value}")));
        recipe.config(|config| {
            config.env.retain(|entry| entry.split('=').next() != Some(name));
            let entry = format!("{name}={value}");
            if *name == "PATH" { config.env.insert(0, entry) } else { config.env.push(entry) }
        });
    }
    let bytes = match (java.major, kit) {
        ("8", true) => 198_000_000,
        ("8", false) => 106_000_000,
        ("11", true) => 344_000_000,
        ("11", false) => 139_000_000,
        _ => 324_000_000,
    };
    recipe.layer(RUN_OPENJDK, "RUN install java", &format!("openjdk/{}/{what}", java.major), move || {
        let mut s = Sketch::new("openjdk", OPENJDK);
        unpack(&mut s, java, kit, &home, bytes);
        s.done()
    });
    if kit && java.major != "8" {
        recipe.meta(&meta("CMD [\"jshell\"]"));
        recipe.config(|config| config.cmd = Some(vec!["jshell".to_owned()]));
    }
    recipe.finish()
}

/// 2022-08-02.
const OPENJDK: i64 = 1_659_398_400;

/// Draws the kit or the runtime.
fn unpack(s: &mut Sketch, java: &Release, kit: bool, home: &str, bytes: u64) {
    let listing = match (java.major, kit) {
        ("8", true) => listing::JAVA8.text(),
        ("8", false) => before_modules(&listing::JAVA8.text()),
        (_, true) => listing::JAVA.text(),
        _ => runtime(&listing::JAVA.text()),
    };
    s.listing(&listing.replace(HOME, home));
    let version = java.version.split('+').next().unwrap_or_default();
    s.text(
        &format!("{home}/release"),
        &format!(
            "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"{}\"\nJAVA_VERSION=\"{version}\"\nLIBC=\"gnu\"\n\
             OS_ARCH=\"x86_64\"\nOS_NAME=\"Linux\"\nIMAGE_TYPE=\"{}\"\n",
            java.version,
            if kit { "JDK" } else { "JRE" }
        ),
    );
    let biggest = match (java.major, kit) {
        ("8", true) => "jre/lib/rt.jar",
        ("8", false) => "lib/rt.jar",
        _ => "lib/modules",
    };
    s.settle(bytes, &format!("{home}/{biggest}"));
}

/// The runtime of a kit from before modules: it lies in a directory of its own there.
fn before_modules(listing: &str) -> String {
    let (mut kept, mut here) = (String::new(), true);
    for line in listing.lines() {
        if line.starts_with('/') {
            here = line == HOME || line.starts_with("/opt/java/openjdk/jre/");
        }
        if here {
            kept.push_str(&line.replace("/openjdk/jre/", "/openjdk/"));
            kept.push('\n');
        }
    }
    kept
}

/// Debian's runtime without a screen.
pub(super) fn headless(s: &mut Sketch) {
    let home = "/usr/lib/jvm/java-17-openjdk-amd64";
    s.listing(&runtime(&listing::JAVA.text()).replace(HOME, home));
    s.link("/usr/bin/java", &format!("{home}/bin/java")).settle(186_000_000, &format!("{home}/lib/modules"));
}

/// What the runtime has of the kit.
fn runtime(listing: &str) -> String {
    const PROGRAMS: [&str; 5] = ["java", "jfr", "jrunscript", "keytool", "rmiregistry"];
    const NOT: [&str; 5] = ["ct.sym", "libattach.so", "libjsvml.so", "libsaproc.so", "jexec"];
    const MODULES: &str = "jdk.compiler jdk.jlink jdk.jshell jdk.jdeps jdk.jartool jdk.javadoc jdk.jpackage jdk.jconsole jdk.jdi \
        jdk.jstatd jdk.hotspot.agent jdk.internal.ed jdk.internal.le jdk.internal.opt jdk.editpad jdk.attach jdk.jcmd";
    let (mut kept, mut dir) = (String::new(), "");
    for line in listing.lines() {
        if line.starts_with('/') {
            dir = line.split(' ').next().unwrap_or_default();
        }
        let below = dir.strip_prefix(HOME).unwrap_or_default();
        let name = line.split(' ').next().unwrap_or_default();
        let out = below.starts_with("/include")
            || below.starts_with("/jmods")
            || below == "/bin" && line != dir && !PROGRAMS.contains(&name)
            || below == "/lib" && NOT.contains(&name)
            || below.starts_with("/man/man1")
                && line != dir
                && !PROGRAMS.contains(&name.trim_end_matches(".1"))
            || below
                .strip_prefix("/legal/")
                .is_some_and(|module| MODULES.split(' ').any(|name| name == module));
        if !out {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

const RUN_APT: &str = "set -eux;     apt-get update;     DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends         \
    curl         wget         fontconfig         ca-certificates p11-kit         binutils         tzdata         locales     ;     \
    echo \"en_US.UTF-8 UTF-8\" >> /etc/locale.gen;     locale-gen en_US.UTF-8;     rm -rf /var/lib/apt/lists/*";
const RUN_APK: &str = "set -eux;     apk add --no-cache         fontconfig ttf-dejavu         ca-certificates p11-kit-trust         \
    musl-locales musl-locales-lang         binutils         tzdata     ;     rm -rf /var/cache/apk/*";
const RUN_JAVA: &str = "set -eux;     wget --progress=dot:giga -O /tmp/openjdk.tar.gz ${BINARY_URL};     mkdir -p \"$JAVA_HOME\";     \
    tar --extract         --file /tmp/openjdk.tar.gz         --directory \"$JAVA_HOME\"         --strip-components 1         \
    --no-same-owner     ;     rm -f /tmp/openjdk.tar.gz ${JAVA_HOME}/lib/src.zip;     java -Xshare:dump;";
const RUN_VERIFY: &str =
    "echo Verifying install ...     && echo java --version && java --version     && echo Complete.";
const RUN_OPENJDK: &str = "/bin/sh -c set -eux; \twget --progress=dot:giga -O openjdk.tgz \"$downloadUrl\"; \tmkdir -p \"$JAVA_HOME\"; \
    \ttar --extract --file openjdk.tgz --directory \"$JAVA_HOME\" --strip-components 1 --no-same-owner; \trm openjdk.tgz*; \
    \tjava -Xshare:dump; \tjava --version";

/// Ubuntu 22.04's versions; the files are those of Debian 12.
const APT: &str = "binutils=2.38-4ubuntu2.4 binutils-common=2.38-4ubuntu2.4 binutils-x86-64-linux-gnu=2.38-4ubuntu2.4 \
    ca-certificates=20230311ubuntu0.22.04.1 curl=7.81.0-1ubuntu1.15 fontconfig=2.13.1-4.2ubuntu5 fontconfig-config=2.13.1-4.2ubuntu5 \
    fonts-dejavu-core=2.37-2build1 libbinutils=2.38-4ubuntu2.4 libbrotli1=1.0.9-2build6 libctf-nobfd0=2.38-4ubuntu2.4 \
    libctf0=2.38-4ubuntu2.4 libcurl4=7.81.0-1ubuntu1.15 libexpat1=2.4.7-1ubuntu0.2 libfontconfig1=2.13.1-4.2ubuntu5 \
    libfreetype6=2.11.1+dfsg-1ubuntu0.2 libldap-2.5-0=2.5.16+dfsg-0ubuntu0.22.04.1 libnghttp2-14=1.43.0-1ubuntu0.1 \
    libpng16-16=1.6.37-3build5 libpsl5=0.21.0-1.2build2 librtmp1=2.4+20151223.gitfa8646d.1-2build4 libsasl2-2=2.1.27+dfsg2-3ubuntu1.2 \
    libsasl2-modules-db=2.1.27+dfsg2-3ubuntu1.2 libssh2-1=1.10.0-3 locales=2.35-0ubuntu3.5 openssl=3.0.2-0ubuntu1.12 \
    p11-kit=0.24.0-6build1 p11-kit-modules=0.24.0-6build1 tzdata=2023c-0ubuntu0.22.04.2 ucf=3.0043 wget=1.21.2-2ubuntu1";
const APK: &str = "binutils brotli-libs ca-certificates font-dejavu fontconfig freetype jansson libbz2 libexpat libffi libintl libpng \
    libtasn1 musl-locales musl-locales-lang p11-kit p11-kit-trust tzdata zstd-libs";
const APT_OPENJDK: &str =
    "ca-certificates=20210119 libssl3 openssl=1.1.1n-0+deb11u3 p11-kit=0.23.22-1 p11-kit-modules=0.23.22-1";

const ENTRYPOINT: &str = "#!/usr/bin/env sh
set -e
# Certificates that somebody mounts are added to Java's when asked for.
if [ -n \"$USE_SYSTEM_CA_CERTS\" ]; then
  for ca in /certificates/*.crt; do
    if [ -f \"$ca\" ]; then
      cp \"$ca\" /usr/local/share/ca-certificates/
    fi
  done
  update-ca-certificates
fi
exec \"$@\"
";

const GIT: &str = "git=1:2.34.1-1ubuntu1.10 git-man=1:2.34.1-1ubuntu1.10 libcurl3-gnutls=7.81.0-1ubuntu1.15 liberror-perl=0.17029-1 \
    libgdbm6=1.23-1 libgdbm-compat4=1.23-1 libperl5.36 perl perl-modules-5.36";

/// `maven` on Temurin's kit.
pub(super) fn maven(java: &'static Release) -> Arc<Image> {
    let below = super::image(&format!("eclipse-temurin:{}-jdk", java.major));
    let base = below.unwrap_or_else(|| temurin(java, true, false));
    let mut recipe = Recipe::from(&base, CREATED);
    let run = "apt-get update   && apt-get install -y ca-certificates curl git --no-install-recommends   \
        && rm -rf /var/lib/apt/lists/*";
    recipe.run(run, "RUN apt-get git", "maven/git", || {
        let mut s = Sketch::new("maven", CREATED);
        debian::install(&mut s, &Added { base: &debian::JAMMY, before: APT, new: GIT });
        s.done()
    });
    recipe.env("MAVEN_HOME", "/usr/share/maven");
    recipe.copy("/usr/share/maven /usr/share/maven", "COPY maven", "maven/home", || {
        let mut s = Sketch::new("maven", CREATED);
        s.listing(&listing::MAVEN.text());
        s.text("/usr/share/maven/conf/settings.xml", SETTINGS);
        s.settle(10_400_000, "/usr/share/maven/lib/guava-32.0.1-jre.jar");
        s.done()
    });
    recipe.copy(
        "/usr/local/bin/mvn-entrypoint.sh /usr/local/bin/mvn-entrypoint.sh",
        "COPY entrypoint",
        "maven/entrypoint",
        || {
            let mut s = Sketch::new("maven", CREATED);
            s.script("/usr/local/bin/mvn-entrypoint.sh", MAVEN_ENTRYPOINT, 1_640);
            s.done()
        },
    );
    let settings = "/usr/share/maven/ref/settings-docker.xml";
    recipe.copy(&format!("{settings} {settings}"), "COPY settings", "maven/settings", || {
        let mut s = Sketch::new("maven", CREATED);
        s.text("/usr/share/maven/ref/settings-docker.xml", SETTINGS);
        s.done()
    });
    recipe.run("ln -s ${MAVEN_HOME}/bin/mvn /usr/bin/mvn", "RUN ln", "maven/ln", || {
        let mut s = Sketch::new("maven", CREATED);
        s.link("/usr/bin/mvn", "/usr/share/maven/bin/mvn");
        s.done()
    });
    recipe.meta("ARG MAVEN_VERSION=3.9.6").meta("ARG USER_HOME_DIR=/root");
    recipe.env("MAVEN_CONFIG", "/root/.m2").entrypoint(&["/usr/local/bin/mvn-entrypoint.sh"]).cmd(&["mvn"]);
    recipe.finish()
}

const SETTINGS: &str = "<settings xmlns=\"http://maven.apache.org/SETTINGS/1.0.0\">
  <localRepository>/usr/share/maven/ref/repository</localRepository>
</settings>
";

const MAVEN_ENTRYPOINT: &str = "#!/bin/sh
# What the image has for ~/.m2 is laid there when it isn't.
set -eu
for file in $(find /usr/share/maven/ref -type f); do
  to=\"${MAVEN_CONFIG:-/root/.m2}/${file#/usr/share/maven/ref/}\"
  if [ ! -e \"$to\" ]; then
    mkdir -p \"$(dirname \"$to\")\"
    cp \"$file\" \"$to\"
  fi
done
unset MAVEN_CONFIG
exec \"$@\"
";

const VCS: &str = "git=1:2.34.1-1ubuntu1.10 git-lfs=3.0.2-1 git-man=1:2.34.1-1ubuntu1.10 libapr1=1.7.0-8ubuntu0.22.04.1 \
    libaprutil1=1.6.1-5ubuntu4.22.04.2 libbsd0=0.11.5-1 libcbor0.8=0.8.0-2ubuntu1 libcurl3-gnutls=7.81.0-1ubuntu1.15 \
    libedit2=3.1-20210910-1build1 liberror-perl=0.17029-1 libfido2-1=1.10.0-1 libgdbm-compat4=1.23-1 libgdbm6=1.23-1 libperl5.36 \
    libpython3-stdlib libpython3.11-minimal libpython3.11-stdlib libreadline8=8.1.2-1 libserf-1-1=1.3.9-10ubuntu2 \
    libsqlite3-0=3.37.2-2ubuntu0.1 libsvn1=1.14.1-3ubuntu0.22.04.1 libutf8proc2=2.7.0-3 media-types=7.0.0 mercurial \
    mercurial-common openssh-client=1:8.9p1-3ubuntu0.5 perl perl-modules-5.36 python3 python3-minimal python3.11 python3.11-minimal \
    readline-common=8.1.2-1 subversion=1.14.1-3ubuntu0.22.04.1 unzip=6.0-26ubuntu3.1";

/// `gradle` on Temurin's kit.
pub(super) fn gradle(java: &'static Release) -> Arc<Image> {
    let below = super::image(&format!("eclipse-temurin:{}-jdk", java.major));
    let base = below.unwrap_or_else(|| temurin(java, true, false));
    let mut recipe = Recipe::from(&base, CREATED);
    recipe.cmd(&["gradle"]).env("GRADLE_HOME", "/opt/gradle");
    let run = "set -o errexit -o nounset     && groupadd --system --gid 1000 gradle     \
        && useradd --system --gid gradle --uid 1000 --shell /bin/bash --create-home gradle     && mkdir /home/gradle/.gradle     \
        && chown --recursive gradle:gradle /home/gradle     && ln --symbolic /home/gradle/.gradle /root/.gradle";
    recipe.run(run, "RUN add gradle", "gradle/user", || {
        let mut s = Sketch::new("gradle", CREATED);
        let user = "gradle:x:1000:1000::/home/gradle:/bin/bash\n";
        debian::JAMMY.add_accounts(&mut s, user, "gradle:x:1000:\n");
        s.dir_of("/home/gradle", 0o755, 1000, 1000).dir_of("/home/gradle/.gradle", 0o755, 1000, 1000);
        s.link("/root/.gradle", "/home/gradle/.gradle");
        s.done()
    });
    recipe.volume("/home/gradle/.gradle").workdir("/home/gradle");
    let run = "set -o errexit -o nounset     && apt-get update     && apt-get install --yes --no-install-recommends         \
        unzip         wget         bzr         git         git-lfs         mercurial         openssh-client         subversion     \
        && rm --recursive --force /var/lib/apt/lists/*     && which bzr     && which git     && which git-lfs     && which hg     && which svn";
    recipe.run(run, "RUN apt-get", "gradle/apt", || {
        let mut s = Sketch::new("gradle", CREATED);
        debian::install(&mut s, &Added { base: &debian::JAMMY, before: APT, new: VCS });
        s.program("/usr/bin/brz", "brz", 2_200).link("/usr/bin/bzr", "brz");
        debian::JAMMY.add_accounts(
            &mut s,
            "gradle:x:1000:1000::/home/gradle:/bin/bash\n",
            "gradle:x:1000:\n_ssh:x:101:\n",
        );
        s.done()
    });
    recipe.env("GRADLE_VERSION", "8.5");
    recipe
        .meta("ARG GRADLE_DOWNLOAD_SHA256=9d926787066a081739e8200858338b4a69e837c3a821a33aca9db09dd4a41026");
    let run = "set -o errexit -o nounset     && wget --no-verbose --output-document=gradle.zip \
        \"https://services.gradle.org/distributions/gradle-${GRADLE_VERSION}-bin.zip\"     && unzip gradle.zip     && rm gradle.zip     \
        && mv \"gradle-${GRADLE_VERSION}\" \"${GRADLE_HOME}/\"     && ln --symbolic \"${GRADLE_HOME}/bin/gradle\" /usr/bin/gradle";
    recipe.run(run, "RUN install gradle", "gradle/home", || {
        let mut s = Sketch::new("gradle", CREATED);
        s.program("/opt/gradle/bin/gradle", "gradle", 8_750)
            .link("/usr/bin/gradle", "/opt/gradle/bin/gradle");
        s.files("/opt/gradle", "LICENSE 23145 NOTICE 868 README 978")
            .files("/opt/gradle/bin", "gradle.bat 2868");
        s.text("/opt/gradle/init.d/readme.txt", "Scripts here are run at the start of every build.\n");
        s.spread("/opt/gradle/lib", 78_000_000, GRADLE_LIB).spread(
            "/opt/gradle/lib/plugins",
            58_000_000,
            GRADLE_PLUGINS,
        );
        s.done()
    });
    recipe.user("gradle");
    let run = "set -o errexit -o nounset     && gradle --version";
    recipe.run(run, "RUN gradle --version", "nothing", Tree::new).user("root");
    recipe.finish()
}

/// Libraries and plugins of Gradle 8, as the release has them; their sizes are estimated, the sum is known.
const GRADLE_LIB: &str = "annotations-24.0.1.jar ant-1.10.13.jar ant-antlr-1.10.13.jar ant-junit-1.10.13.jar ant-launcher-1.10.13.jar \
    antlr4-runtime-4.7.2.jar asm-9.5.jar asm-analysis-9.5.jar asm-commons-9.5.jar asm-tree-9.5.jar commons-compress-1.21.jar \
    commons-io-2.11.0.jar commons-lang-2.6.jar failureaccess-1.0.1.jar fastutil-8.5.2-min.jar file-events-0.22-milestone-25.jar \
    gradle-api-metadata-8.5.jar gradle-base-annotations-8.5.jar gradle-base-services-8.5.jar gradle-base-services-groovy-8.5.jar \
    gradle-bootstrap-8.5.jar gradle-build-cache-8.5.jar gradle-build-cache-base-8.5.jar gradle-build-events-8.5.jar \
    gradle-build-operations-8.5.jar gradle-build-option-8.5.jar gradle-cli-8.5.jar gradle-core-8.5.jar gradle-core-api-8.5.jar \
    gradle-enterprise-logging-8.5.jar gradle-enterprise-operations-8.5.jar gradle-enterprise-workers-8.5.jar gradle-execution-8.5.jar \
    gradle-file-collections-8.5.jar gradle-file-temp-8.5.jar gradle-file-watching-8.5.jar gradle-files-8.5.jar gradle-functional-8.5.jar \
    gradle-hashing-8.5.jar gradle-input-tracking-8.5.jar gradle-installation-beacon-8.5.jar gradle-jvm-services-8.5.jar \
    gradle-kotlin-dsl-8.5.jar gradle-kotlin-dsl-tooling-models-8.5.jar gradle-launcher-8.5.jar gradle-logging-8.5.jar \
    gradle-logging-api-8.5.jar gradle-messaging-8.5.jar gradle-model-core-8.5.jar gradle-model-groovy-8.5.jar gradle-native-8.5.jar \
    gradle-normalization-java-8.5.jar gradle-persistent-cache-8.5.jar gradle-problems-8.5.jar gradle-process-services-8.5.jar \
    gradle-resources-8.5.jar gradle-runtime-api-info-8.5.jar gradle-snapshots-8.5.jar gradle-tooling-api-8.5.jar gradle-version-8.5.jar \
    gradle-worker-processes-8.5.jar gradle-worker-services-8.5.jar gradle-wrapper-shared-8.5.jar groovy-3.0.17.jar groovy-ant-3.0.17.jar \
    groovy-json-3.0.17.jar groovy-templates-3.0.17.jar groovy-xml-3.0.17.jar guava-31.1-jre.jar h2-2.2.220.jar hamcrest-core-1.3.jar \
    jansi-1.18.jar javaparser-core-3.17.0.jar javax.inject-1.jar jcl-over-slf4j-1.7.30.jar jsr305-3.0.2.jar jul-to-slf4j-1.7.30.jar \
    junit-4.13.2.jar kotlin-compiler-embeddable-1.9.20.jar kotlin-reflect-1.9.20.jar kotlin-script-runtime-1.9.20.jar \
    kotlin-stdlib-1.9.20.jar kotlinx-serialization-core-jvm-1.3.0.jar kryo-2.24.0.jar log4j-over-slf4j-1.7.30.jar minlog-1.2.jar \
    native-platform-0.22-milestone-25.jar native-platform-linux-amd64-0.22-milestone-25.jar objenesis-2.6.jar qdox-1.12.1.jar \
    slf4j-api-1.7.30.jar tomlj-1.0.0.jar trove4j-1.0.20200330.jar xml-apis-1.4.01.jar";
const GRADLE_PLUGINS: &str = "aws-java-sdk-core-1.12.332.jar aws-java-sdk-kms-1.12.332.jar aws-java-sdk-s3-1.12.332.jar \
    aws-java-sdk-sts-1.12.332.jar bcpg-jdk15on-1.68.jar bcpkix-jdk15on-1.68.jar bcprov-jdk15on-1.68.jar bsh-2.0b6.jar \
    commons-codec-1.15.jar dd-plist-1.21.jar google-api-client-1.34.0.jar google-api-services-storage-v1-rev20220705-1.32.1.jar \
    google-http-client-1.42.2.jar google-oauth-client-1.34.1.jar gradle-antlr-8.5.jar gradle-build-cache-http-8.5.jar \
    gradle-build-init-8.5.jar gradle-build-profile-8.5.jar gradle-code-quality-8.5.jar gradle-composite-builds-8.5.jar \
    gradle-configuration-cache-8.5.jar gradle-dependency-management-8.5.jar gradle-diagnostics-8.5.jar gradle-ear-8.5.jar \
    gradle-ide-8.5.jar gradle-ide-native-8.5.jar gradle-ivy-8.5.jar gradle-jacoco-8.5.jar gradle-java-compiler-plugin-8.5.jar \
    gradle-kotlin-dsl-provider-plugins-8.5.jar gradle-language-groovy-8.5.jar gradle-language-java-8.5.jar gradle-language-jvm-8.5.jar \
    gradle-language-native-8.5.jar gradle-maven-8.5.jar gradle-platform-base-8.5.jar gradle-platform-jvm-8.5.jar \
    gradle-platform-native-8.5.jar gradle-plugin-development-8.5.jar gradle-plugin-use-8.5.jar gradle-plugins-8.5.jar \
    gradle-publish-8.5.jar gradle-reporting-8.5.jar gradle-resources-gcs-8.5.jar gradle-resources-http-8.5.jar gradle-resources-s3-8.5.jar \
    gradle-resources-sftp-8.5.jar gradle-scala-8.5.jar gradle-security-8.5.jar gradle-signing-8.5.jar gradle-test-kit-8.5.jar \
    gradle-testing-base-8.5.jar gradle-testing-jvm-8.5.jar gradle-testing-native-8.5.jar gradle-tooling-native-8.5.jar \
    gradle-version-control-8.5.jar gradle-war-8.5.jar gradle-workers-8.5.jar gradle-wrapper-main-8.5.jar gson-2.8.9.jar \
    httpclient-4.5.14.jar httpcore-4.4.14.jar ivy-2.3.0.jar jackson-annotations-2.14.1.jar jackson-core-2.14.1.jar \
    jackson-databind-2.14.1.jar jatl-0.2.3.jar jcifs-1.3.17.jar jcommander-1.78.jar jgit-5.7.0.jar joda-time-2.12.2.jar jsch-0.2.6.jar \
    jsoup-1.15.3.jar junit-platform-commons-1.8.2.jar junit-platform-engine-1.8.2.jar junit-platform-launcher-1.8.2.jar \
    maven-builder-support-3.9.4.jar maven-model-3.9.4.jar maven-repository-metadata-3.9.4.jar maven-settings-3.9.4.jar \
    maven-settings-builder-3.9.4.jar nekohtml-1.9.22.jar opentest4j-1.2.0.jar plexus-cipher-2.0.jar plexus-interpolation-1.26.jar \
    plexus-sec-dispatcher-2.0.jar plexus-utils-3.5.1.jar simple-4.1.21.jar snakeyaml-2.0.jar testng-6.3.1.jar xercesImpl-2.12.2.jar";

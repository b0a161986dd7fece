//! Who may what: the programs that add, change and remove users and groups of Debian, `su` and `sudo`. The
//! expected text was printed by the real programs (adduser 3.134, passwd 4.13 and sudo of Debian 12).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use indexmap::IndexMap;
use layerlab::image::catalog;
use layerlab::shell::{NoPrograms, Process, run};
use layerlab::trace::Trace;
use layerlab::union::{Mount, Options};
use std::fmt::Write as _;

/// Lines on Debian, one after the other, each a RUN of this user.
fn session(lines: &[(&str, &str)]) -> String {
    let image = catalog::image("debian:bookworm-slim").unwrap();
    let mut mount = Mount::new(image.lowers(), Default::default(), Options::default()).unwrap();
    let env: IndexMap<String, String> = image
        .config
        .env
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut text = String::new();
    for (user, line) in lines {
        let process = Process {
            argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            env: env.clone(),
            user: (*user).to_owned(),
            ..Process::default()
        };
        let outcome = run(&mut mount, &process, &mut NoPrograms, &mut Trace::silent());
        assert!(outcome.not_modelled.is_empty(), "{line}: {:?}", outcome.not_modelled);
        let sign = if user.is_empty() { "#" } else { "$" };
        let _ = writeln!(text, "{sign} {line}");
        for (_, line) in &outcome.lines {
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if outcome.exit != 0 {
            let _ = writeln!(text, "exit {}", outcome.exit);
        }
    }
    text
}

fn root(lines: &[&str]) -> String {
    session(&lines.iter().map(|line| ("", *line)).collect::<Vec<_>>())
}

#[test]
fn adduser_of_debian_makes_system_users_from_the_bottom_of_the_range() {
    insta::assert_snapshot!(
        "system_users",
        root(&[
            "adduser --system --group app",
            "id app; grep app /etc/passwd /etc/group /etc/gshadow; tail -1 /etc/shadow",
            "adduser --system --group app",
            "adduser --system --home /srv/web --ingroup www-data web && ls -ld /srv/web | cut -d' ' -f1-4",
            "adduser --system www-data",
            "adduser --system --uid 1 other",
        ])
    );
}

#[test]
fn adduser_of_debian_tells_what_it_does_for_people() {
    insta::assert_snapshot!(
        "people",
        root(&[
            "adduser --disabled-password --gecos '' ann",
            "id ann; ls -ld /home/ann | cut -d' ' -f1; tail -1 /etc/passwd",
            "adduser ann video",
            "adduser ann video",
            "deluser ann video",
            "addgroup --gid 3000 crew",
            "addgroup crew",
            "adduser -D bob",
            "adduser --disabled-password --gecos '' Bob",
            "delgroup crew",
            "deluser nobody2",
        ])
    );
}

#[test]
fn the_programs_of_shadow_look_before_they_write() {
    insta::assert_snapshot!(
        "shadow",
        root(&[
            "useradd -G nope ann; getent group ann",
            "useradd -r svc && grep svc /etc/passwd && tail -1 /etc/shadow",
            "useradd -m -s /bin/bash -G sudo,video ann && id ann && tail -2 /etc/gshadow",
            "useradd -m ann",
            "useradd -u 500 low && id low",
            "useradd 'a b'",
            "useradd -s nope bob",
            "groupadd -g abc crew",
            "groupdel www-data",
            "groupmod -g 1500 www-data && id www-data",
            "usermod -u 33 nobody",
            "usermod -L ann; grep ann /etc/shadow",
            "usermod -G staff ann && id ann",
            "chsh -s /bin/sh ann && tail -2 /etc/passwd | cut -d: -f1,7",
            "gpasswd -a ann tape",
            "userdel -r ann",
        ])
    );
}

#[test]
fn su_and_sudo_run_as_somebody_else() {
    insta::assert_snapshot!(
        "su_and_sudo",
        session(&[
            ("", "useradd -m ann; useradd bob; mkdir -p /etc/sudoers.d"),
            ("", "su ann -c 'id -un; echo $HOME $USER; pwd'"),
            ("", "su - ann -c 'pwd; echo $PATH'"),
            ("", "su www-data -c id"),
            ("", "su -s /bin/sh www-data -c 'echo $0 $1' one two"),
            ("", "su nope -c id"),
            (
                "",
                "apt-get update > /dev/null && apt-get install -y sudo > /dev/null; ls -l /etc/sudoers | cut -d' ' -f1"
            ),
            ("", "echo 'ann ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/ann; visudo -c"),
            ("ann", "sudo id -u; sudo -u bob id -un; sudo A=1 env | grep -E '^(A|HOME|SUDO_USER)='"),
            ("ann", "sudo nosuch"),
            ("bob", "sudo id"),
        ])
    );
}

//! RUN lines whose outcome does not hang on the hour or the machine.

use crate::random::Random;

/// Files and directories that RUN lines make and change.
const FILES: [&str; 8] = ["/f", "/g", "/d/f", "/d/e/g", "/etc/motd", "/app/out", "/tmp/t", "/etc/passwd"];
const DIRS: [&str; 6] = ["/d", "/d/e", "/app", "/srv/x", "/tmp/w", "/data"];

/// A command line.
pub fn command(random: &mut Random) -> String {
    let mut parts = vec![one(random)];
    while random.chance(30) && parts.len() < 4 {
        parts.push(one(random));
    }
    let joint = random.pick(&[" && ", "; "]);
    parts.join(joint)
}

fn one(random: &mut Random) -> String {
    let (file, other) = (random.pick(&FILES), random.pick(&FILES));
    let dir = random.pick(&DIRS);
    let above = |path: &str| match path.rsplit_once('/') {
        Some(("", _)) | None => String::new(),
        Some((above, _)) => format!("mkdir -p {above} && "),
    };
    let number = random.below(4);
    match random.below(34) {
        0..=4 => format!("{}echo {number} > {file}", above(file)),
        5 => format!("{}echo more >> {file}", above(file)),
        6 => format!("mkdir -p {dir}/n{number}"),
        7 => format!("rm -f {file}"),
        8 => format!("rm -rf {dir}"),
        9 => format!("rm -rf {dir} && mkdir -p {dir} && echo again > {dir}/again"),
        10 => format!("{}touch {file}", above(file)),
        11 => format!(
            "{}touch {file} && chmod {} {file}",
            above(file),
            random.pick(&["600", "u+x", "4755", "g-r"])
        ),
        12 => format!("mkdir -p {dir} && chmod {} {dir}", random.pick(&["700", "1777", "g+w"])),
        13 => format!("mkdir -p {dir} && chown -R {} {dir}", random.pick(&["33:33", "1000", "0:5", "root"])),
        14 => format!("{}{}echo x > {file} && cp {file} {other}.copy", above(file), above(other)),
        15 => format!("{}echo l > {file} && ln -sf {file} /ln{number}", above(file)),
        16 => format!("{}echo h > {file} && ln -f {file} {file}.hard", above(file)),
        17 => format!("{}echo m > {file} && mv {file} {file}.moved", above(file)),
        18 => format!("mkdir -p {dir} && rm -rf /kept && cp -r {dir} /kept"),
        19 => format!("ls -A {dir} > /listing 2>/dev/null || true"),
        20 => "pwd > /pwd".to_owned(),
        21 => "id -u > /id".to_owned(),
        22 => "echo \"$A-$B-$V\" > /vars".to_owned(),
        23 => format!("sed -i s/o/0/ {}", random.pick(&["/etc/passwd", "/etc/group"])),
        24 => format!("test -e {file} || true"),
        25 => "true".to_owned(),
        26 => format!("cat /app/*.txt > /all{number} 2>/dev/null || echo none > /all{number}"),
        27 => format!("mv {dir} {dir}.old 2>/dev/null || true"),
        28 => format!("find {dir} -type f 2>/dev/null | sort > /found{number} || true"),
        29 => format!("ln -sfn {dir} /dir{number}"),
        30 => format!("{}head -c {} /dev/zero > {file}", above(file), 1 + random.below(9000)),
        31 => format!("chmod 755 {file} 2>/dev/null || echo none"),
        32 => "mkdir -p /w && cd /w && echo here > here && rm here".to_owned(),
        _ => format!("exit {}", random.pick(&[0, 0, 0, 0, 3])),
    }
}

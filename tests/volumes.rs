//! Volumes, bind mounts and tmpfs. Docker's words were asked of Docker 20.10.24 (client 28.2.2) with an image
//! made like `IMAGE`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::screen;

#[test]
fn a_tree_shows_what_a_process_sees() {
    insta::assert_snapshot!(screen(&[
        "trace off",
        "image(\"tiny\", #{ \"/data/f\": \"x\", \"/data/sub/g\": \"y\", \"/etc/a\": \"1\" })",
        "docker run -d --name t -v vol:/data --tmpfs /tmp -v ./conf:/etc:ro tiny",
        "let t = container(\"t\")",
        "t.rm(\"/data/sub\"); t.write(\"/data/new\", \"z\"); t.write(\"/tmp/scratch\", \"\"); t.write(\"/own\", \"\")",
        "t.tree()",
        "t.upper_tree()",
        "volume(\"vol\").tree()",
        "docker volume create -o type=nfs other",
        "docker run --mount src=v,dst=/x,volume-driver=nfs tiny",
    ]));
}

/// An image with a shell, and directories that differ in owner, mode and contents.
const IMAGE: &str = "context(\"base\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nRUN mkdir -p /data/sub /empty && echo one > /data/f && echo two > /data/sub/g && ln -s f /data/l && ln /data/f /data/hard && chown -R 70:70 /data && chmod 1750 /data && chown 5:6 /empty && chmod 700 /empty\\n\" }); docker(\"build -q -t base base\");";

/// The same with volumes of its own.
const WITH_VOLUMES: &str = "context(\"own\", #{ \"Dockerfile\": \"FROM base\\nVOLUME /data /newvol/deep\\n\" }); docker(\"build -q -t withvol own\");";

fn on_base(lines: &[&str]) -> String {
    let all: Vec<&str> = ["trace off", IMAGE].into_iter().chain(lines.iter().copied()).collect();
    let text = screen(&all);
    // What building the image prints is no part of the story.
    let first = lines.first().map(|line| format!("lab> {line}\n")).unwrap_or_default();
    text.find(&first).map_or(text.clone(), |at| text[at..].to_owned())
}

#[test]
fn names_of_volumes() {
    insta::assert_snapshot!(on_base(&[
        "docker volume create db-data",
        "docker volume create db-data",
        "docker volume create a/b",
        "docker volume create a",
        "docker volume create -d nosuch xx",
        "docker volume create --label a=b --label c lab",
        "docker volume create xx yy",
        "docker volume create",
        "docker volume ls",
        "docker volume ls -q --filter name=db",
        "docker volume ls --filter bad=x",
        "docker volume ls --filter dangling=maybe",
        "docker volume ls --format '{{.Name}}: {{.Driver}} {{.Mountpoint}} {{.Scope}} {{.Labels}} {{.Links}} {{.Size}}'",
        "docker volume ls --format json --filter label=c",
        "docker volume inspect lab nope",
        "docker volume inspect --format '{{.Name}} {{.Labels}}' lab",
        "docker volume rm nope",
        "docker volume rm -f nope",
        "docker volume rm",
        "docker volume frob",
        "docker inspect -f '{{.Mountpoint}}' lab",
    ]));
}

#[test]
fn a_new_volume_gets_what_the_image_has_there() {
    insta::assert_snapshot!(on_base(&[
        "docker run --rm -v db-data:/data base ls -lan /data",
        "docker run --rm -v db-data:/e base ls -lan /e",
        "docker run --rm -v db2:/empty base ls -lan /empty",
        "docker run --rm -v db3:/empty:nocopy base ls -lan /empty",
        "docker run --rm -v db4:/data:nocopy base ls -lan /data",
        "docker run --rm -v db4:/data base ls -an /data",
        "docker run --rm -v db5:/data:ro base touch /data/x",
        "docker run --rm -v db5:/data:ro base ls -A /data",
        "docker run --rm -v n1:/data -v n2:/data/sub base sh -c 'ls -R /data; echo 3 > /data/sub/3'",
        "docker run --rm -v n1:/a -v n2:/b base sh -c 'ls /a/sub; ls /b'",
        "docker system df",
    ]));
}

#[test]
fn what_is_mounted_where() {
    insta::assert_snapshot!(on_base(&[
        WITH_VOLUMES,
        "$ mkdir hostdir; echo h > hostdir/h; echo single > hostfile",
        "docker run -d --name ww -v named:/data -v /anonx -v ./hostdir:/h:ro --mount type=bind,src=/lab/hostfile,dst=/hf --mount type=tmpfs,dst=/t --tmpfs /t2:size=1m --mount type=volume,dst=/anon2 withvol",
        "docker inspect -f '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}}{{println}}{{end}}{{json .Config.Volumes}}' ww",
        "docker diff ww",
        "docker exec ww mount",
        "docker exec ww df",
        "docker exec ww df -h /data /t2 /etc",
        "docker volume rm named",
        "docker volume ls",
        "docker volume ls --filter dangling=true -q",
        "docker system df -v",
        "docker ps",
    ]));
}

#[test]
fn borders_of_a_volume() {
    insta::assert_snapshot!(on_base(&[
        WITH_VOLUMES,
        "$ mkdir hostdir; echo h > hostdir/h; echo single > hostfile",
        "docker run -d --name ww -v named:/data -v ./hostdir:/h:ro -v ./hostfile:/hf --tmpfs /t withvol",
        "docker exec ww sh -c 'echo x > /tmp/x; mv /tmp/x /data/moved && ls -la /data'",
        "docker exec ww sh -c 'mkdir /tmp/dd; echo 1 > /tmp/dd/f; mv /tmp/dd /data/; ls /data/dd /tmp'",
        "docker exec ww rmdir /data",
        "docker exec ww mv /data /other",
        "docker exec ww ln /etc/passwd /data/pw",
        "docker exec ww touch /h/x",
        "docker exec ww rm /hf",
        "docker exec ww rm -rf /newvol",
        "docker exec ww sh -c 'echo more >> /hf; echo gone > /t/1; ls /t'",
        "$ cat hostfile",
        "docker diff ww",
        "docker stop ww",
        "docker start ww",
        "docker exec ww ls /t /data",
        "docker commit ww ci",
        "image(\"ci\").layers.len() - image(\"withvol\").layers.len()",
        "docker inspect -f '{{json .Config.Volumes}}' ci",
    ]));
}

#[test]
fn volumes_outlive_containers() {
    insta::assert_snapshot!(on_base(&[
        WITH_VOLUMES,
        "docker run -d --name one -v shared:/data base",
        "docker run -d --name two -v shared:/srv:ro base",
        "docker exec one sh -c 'echo hello > /data/hello'",
        "docker exec two cat /srv/hello",
        "docker exec two sh -c 'echo no > /srv/hello'",
        "docker run -d --name three --volumes-from two base",
        "docker exec three cat /srv/hello",
        "docker exec three touch /srv/x",
        "docker run --volumes-from nope base true",
        "docker run --volumes-from one:bad base true",
        "docker volume rm shared",
        "docker rm -f one two three",
        "docker volume ls",
        "docker run --rm -v shared:/s base cat /s/hello",
        "docker run --name anon withvol true",
        "docker volume ls -q",
        "docker rm -v anon",
        "docker volume ls -q",
        "docker run --rm withvol true",
        "docker run --name anon withvol true",
        "docker rm anon",
        "docker volume ls -q",
        "docker volume prune",
        "docker volume prune -f",
        "docker volume ls -q",
        "docker volume prune -af",
        "undo",
        "docker volume ls -q",
    ]));
}

#[test]
fn a_refused_mount_changes_nothing() {
    insta::assert_snapshot!(on_base(&[
        "docker run -v : base true",
        "docker run -v :/x base true",
        "docker run -v new1:/ok -v a/b:/x base true",
        "docker run -v new1:/ok -v xx:/b:rw,ro base true",
        "docker run -v /a:/ base true",
        "docker run -v new1:/b -v new2:/b/ base true",
        "docker run --tmpfs /b -v new2:/b base true",
        "docker run --mount type=bind,src=/nosuch,dst=/b base true",
        "docker run --mount foo base true",
        "docker run -v new1:/data/f base true",
        "docker run -v /lab:/data/f base true",
        "docker volume ls",
        "docker ps -a",
        "docker run --volum x base",
        "volume(\"nope\")",
    ]));
}

#[test]
fn a_read_only_union() {
    insta::assert_snapshot!(on_base(&[
        "trace on",
        "docker run --name ro --read-only -v vv:/notthere --tmpfs /tmp base sh -c 'touch /x; mkdir /y; touch /etc/hosts; touch /tmp/t /notthere/v && ls /tmp /notthere; mount | head -n 1'",
        "docker diff ro",
        "docker start ro",
        "container(\"ro\").write(\"/x\", \"1\")",
        "container(\"ro\").write(\"/notthere/x\", \"1\")",
        "container(\"ro\").ls(\"/notthere\")",
    ]));
}

#[test]
fn events_say_where_a_write_went() {
    insta::assert_snapshot!(screen(&[
        "docker run -d --name db -v db-data:/var/lib/postgresql/data postgres:15",
        "let c = container(\"db\")",
        "c.write(\"/var/lib/postgresql/data/PG_VERSION\", \"15\\n\")",
        "c.append(\"/var/lib/postgresql/data/PG_VERSION\", \"# tuned\\n\")",
        "c.append(\"/etc/motd\", \"hello\\n\")",
        "docker exec db sh -c 'mkdir /var/lib/postgresql/data/base; echo 1 > /var/lib/postgresql/data/base/1; mv /var/lib/postgresql/data/base/1 /var/lib/postgresql/data/base/2; chmod 600 /var/lib/postgresql/data/base/2; rm /var/lib/postgresql/data/base/2'",
        "c.read(\"/var/lib/postgresql/data/PG_VERSION\")",
        "c.ls(\"/var/lib/postgresql/data\")",
        "c.stat(\"/var/lib/postgresql/data\")",
        "c.which(\"/var/lib/postgresql/data/PG_VERSION\")",
        "c.rename(\"/etc/motd\", \"/var/lib/postgresql/data/motd\")",
        "c.rename(\"/var/lib/postgresql/data\", \"/elsewhere\")",
        "c.rmdir(\"/var/lib/postgresql/data\")",
        "c.symlink(\"/var/lib/postgresql/data/PG_VERSION\", \"/tmp/v\")",
        "c.read(\"/tmp/v\")",
        "let f = c.open(\"/tmp/v\", \"r+\")",
        "f.write(\"16\")",
        "f.close()",
        "c.volumes",
        "stack db /var/lib/postgresql/data/PG_VERSION",
        "let v = volume(\"db-data\")",
        "v",
        "v.ls(\"/\")",
        "v.read(\"/PG_VERSION\")",
        "v.write(\"/from-outside\", \"x\")",
        "v.size",
        "v.users",
        "docker diff db",
        "undo",
        "v.exists(\"/from-outside\")",
        "trace json",
        "c.write(\"/var/lib/postgresql/data/x\", \"1\")",
    ]));
}

#[test]
fn a_taught_program_sees_volumes() {
    insta::assert_snapshot!(screen(&[
        "trace off",
        "command(\"postgres\", |sh, args| { sh.write(\"/var/lib/postgresql/data/PG_VERSION\", \"15\\n\"); sh.out(sh.exec(\"ls /var/lib/postgresql/data\").out); 0 })",
        "docker run -d --name db -v db-data:/var/lib/postgresql/data postgres:15",
        "docker exec db postgres",
        "volume(\"db-data\").read(\"/PG_VERSION\")",
        "docker diff db",
    ]));
}

//! The drivers behind `docker`: info, run, build, diff, commit; and what is refused.

#[path = "../screen/mod.rs"]
mod screen;

use screen::screen;

#[test]
fn docker_by_each_storage_driver() {
    insta::assert_snapshot!(screen(&[
        "docker info",
        "docker --storage-driver=aufs info",
        "docker -s vfs info --format '{{.Driver}} {{.DriverStatus}}'",
        "docker --storage-driver unionfs info -f '{{.Driver}}'",
        "docker --storage-driver=aufs run -d --name a alpine:3.19",
        "docker exec a sh -c 'rm /etc/motd && echo new > /etc/new && rm -rf /srv && mkdir /srv'",
        "print(container(\"a\").upper_tree())",
        "docker diff a",
        "docker inspect -f '{{.Driver}}' a",
        "docker commit a changed",
        "docker run --name b changed ls /etc/motd",
        "docker --storage-driver=vfs run -d --name v alpine:3.19",
        "docker exec v sh -c 'rm /etc/motd && echo new > /etc/new'",
        "docker diff v",
        "docker commit v changed2",
        "docker history changed2",
        "bill",
    ]));
}

/// A RUN that changes nothing but writes: a layer with overlay2, none with a driver that compares trees.
#[test]
fn builds_by_each_storage_driver() {
    insta::assert_snapshot!(screen(&[
        "let app = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nRUN chmod 644 /etc/motd\\nRUN echo hi > /etc/hi && rm /etc/motd\\nRUN cat /etc/hi\\n\" });",
        "docker build -t union app",
        "docker --storage-driver=vfs build --no-cache -t copies app",
        "docker history union",
        "docker history copies",
        "docker --storage-driver=overlay build --no-cache -t links app",
        "DOCKER_BUILDKIT=0 docker --storage-driver=vfs build --no-cache -t legacy app",
        "DOCKER_BUILDKIT=0 docker --storage-driver=aufs build --no-cache -t branches app",
        "docker images",
    ]));
}

#[test]
fn what_nobody_can_mount() {
    insta::assert_snapshot!(screen(&[
        "docker --storage-driver=aufts info",
        "docker --storage-driver=native info",
        "docker --storage-driver",
        "docker --storage-driver=vfs",
        "docker info extra",
        "let base = layer(#{ \"/a\": \"1\" });",
        "mount([base], #{ driver: \"ovrlay2\" })",
        "mount([base], #{ driver: 7 })",
        "mount([base], #{ driver: \"vfs\", redirect_dir: true })",
        "mount([base], #{ driver: \"overlay2\", branches: [\"rw\"] })",
        "mount([base], #{ driver: \"aufs\", branches: [\"rw\", \"ro\"] })",
        "mount([base], #{ driver: \"aufs\", branches: [\"wr\"] })",
        "mount([base], #{ driver: \"aufs\", create: \"mfs:10\" })",
        "mount([base], #{ driver: \"aufs\", cpup: \"bu\" })",
        "mount([base], #{ driver: \"aufs\", cpup: \"up\" })",
        "mount([base], #{ driver: \"aufs\", dirren: true })",
        "mount([base], #{ driver: \"unionfs\", cpup: \"bup\" })",
        "let m = mount([base], #{ driver: \"aufs\" });",
        "m.branch(2)",
        "m.write(\"/.wh.a\", \"x\")",
        "m.link(\"/a\", \"/b\")",
        "mount([base], #{ driver: \"vfs\" }).branch(0)",
        "bill nosuch",
        "bill a b",
        "bill([1])",
        "m.driver",
    ]));
}

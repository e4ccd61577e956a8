#!/usr/bin/env python3
"""Carries out a Dockerfile's own steps without a container engine, and runs what comes out.

    docker/test.py [--dockerfile docker/Dockerfile] [--folder FOLDER] [--toolchain /opt/swift/usr] [--mirror URL] [--program FILE]

As root, with debootstrap; takes minutes and some gigabytes. `FROM swift:…-bookworm` is a Debian 12 of debootstrap with the Swift of this
machine, `FROM scratch` an empty folder, `FROM name` a copy of that stage; RUN is carried out in the tree, COPY copies of the repository as
git knows it. Only the instructions and forms that the Dockerfile uses are known; any other ends the test.

The last stage is started as an engine would: its root read-only, its user, its environment, its ENTRYPOINT and CMD, a folder for its VOLUME,
processes and mounts of its own. It must pass its HEALTHCHECK, caption a photo, keep a collection over a restart, and end on its STOPSIGNAL.
Prints the sizes of the stage without a model and of the whole; fails above 120 MB without a model.

--program is put in the place of what `make release` would build: for trying the rest quickly.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST_MEGABYTES = 120
PORT = 8080


def say(text):
    print(f"docker-test: {text}", flush=True)


def fail(text):
    raise SystemExit(f"docker-test: FAILED: {text}")


def instructions(path):
    """(keyword, the rest of its line, continued lines joined)"""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            keyword, rest = line.split(None, 1)
            yield keyword.upper(), rest.strip()


def words(text):
    """A list in JSON, or words."""
    return json.loads(text) if text.startswith("[") else shlex.split(text)


class Stage:
    """A tree, and what is known of how it is run."""

    def __init__(self, name, tree, base=None):
        self.name, self.tree = name, tree
        self.environment = dict(base.environment) if base else {}
        self.folder = base.folder if base else "/"
        self.user = base.user if base else "0:0"
        self.entrypoint = list(base.entrypoint) if base else []
        self.command = list(base.command) if base else []
        self.health = list(base.health) if base else []
        self.stop = base.stop if base else "SIGTERM"
        self.volumes = list(base.volumes) if base else []

    def inside(self, path):
        return self.tree / os.path.normpath(os.path.join(self.folder, path)).lstrip("/")


class Builder:
    def __init__(self, options):
        self.options = options
        self.stages = []
        self.mounts = []
        self.arguments = {}

    def build(self):
        for keyword, rest in instructions(self.options.dockerfile):
            step = getattr(self, f"do_{keyword.lower()}", None) or fail(f"{keyword} is not known to this test")
            say(f"{keyword} {rest[:100]}")
            step(rest)
        return self.stages[-1]

    @property
    def stage(self):
        return self.stages[-1]

    def named(self, name):
        return next((stage for stage in self.stages if stage.name == name), None)

    def do_from(self, rest):
        image, *alias = rest.split()
        name = alias[1] if alias else f"stage {len(self.stages)}"
        tree = self.options.folder / name.replace(" ", "-")
        base = self.named(image)
        if base:
            subprocess.run(["cp", "--archive", "--one-file-system", base.tree, tree], check=True)
        elif image == "scratch":
            tree.mkdir()
        elif re.fullmatch(r"swift:[\d.]+-bookworm", image):
            self.debian(tree)
        else:
            fail(f"the image {image} is not known to this test")
        self.stages.append(Stage(name, tree, base))
        if not base and image != "scratch":
            self.stage.environment["PATH"] = "/opt/swift/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    def debian(self, tree):
        # What the image of Swift has besides the toolchain.
        packages = "binutils,git,gnupg2,libc6-dev,libcurl4-openssl-dev,libedit2,libgcc-12-dev,libpython3-dev,libsqlite3-0,libstdc++-12-dev,libxml2-dev,libz3-dev,pkg-config,tzdata,zlib1g-dev,libncurses-dev"
        with open(self.options.folder / "debootstrap.log", "w") as log:
            if subprocess.run(["debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", tree, self.options.mirror], stdout=log, stderr=log).returncode:
                fail(f"debootstrap: see {log.name}")
        for source, place in ((self.options.toolchain, "opt/swift/usr"), ("/proc", "proc"), ("/dev", "dev")):
            (tree / place).mkdir(parents=True, exist_ok=True)
            self.mount("--bind", source, tree / place)
        for name in ("etc/resolv.conf", "etc/apt/sources.list"):
            shutil.copy(f"/{name}", tree / name) if Path(f"/{name}").exists() else None
        for folder in ("etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/keyrings"):
            if Path(f"/{folder}").exists():
                shutil.copytree(f"/{folder}", tree / folder, dirs_exist_ok=True)

    def mount(self, *words):
        subprocess.run(["mount", *map(str, words)], check=True)
        self.mounts.append(words[-1])

    def unmount(self):
        for place in reversed(self.mounts):
            subprocess.run(["umount", "--recursive", str(place)], check=False)
        self.mounts.clear()

    def do_workdir(self, rest):
        self.stage.folder = os.path.join(self.stage.folder, rest)
        self.stage.inside(".").mkdir(parents=True, exist_ok=True)

    def do_env(self, rest):
        self.stage.environment.update(pair.split("=", 1) for pair in shlex.split(rest))

    def do_arg(self, rest):
        name, _, value = rest.partition("=")
        self.arguments[name] = value

    def do_run(self, rest):
        if "make release" in rest and self.options.program:
            place = self.stage.inside(".build-release/release/sensorium")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.options.program, place)
            return
        environment = self.arguments | self.stage.environment | {"HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
        log = self.options.folder / f"run-{len(os.listdir(self.options.folder))}.log"
        with open(log, "w") as output:
            done = subprocess.run(
                ["chroot", self.stage.tree, "/bin/sh", "-c", f"cd {shlex.quote(self.stage.folder)} && {rest}"], env=environment, stdout=output, stderr=output)
        if done.returncode:
            fail(f"{rest}\n" + "".join(log.read_text(errors="replace").splitlines(True)[-20:]))

    def do_copy(self, rest):
        *sources, target = rest.split()
        origin = None
        if sources[0].startswith("--from="):
            origin = self.named(sources.pop(0).removeprefix("--from="))
        place = self.stage.inside(target)
        for source in sources:
            if origin:
                place.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "--archive", f"{origin.inside(source)}/.", place], check=True)
            else:
                self.copy(source, place, target)

    def copy(self, source, place, target):
        """A file or a folder of the repository, as git knows it: what .dockerignore leaves out is not in it."""
        names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", source], cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
        for name in filter(None, names):
            if not (ROOT / name).is_file():
                continue
            relative = os.path.relpath(name, source) if source != "." else name
            file = place / (Path(name).name if relative == "." and target.endswith("/") else relative)
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, file)

    def do_user(self, rest):
        self.stage.user = rest

    def do_volume(self, rest):
        self.stage.volumes += words(rest)

    def do_expose(self, rest):
        if rest != str(PORT):
            fail(f"port {rest} is exposed, and the server listens on {PORT}")

    def do_stopsignal(self, rest):
        self.stage.stop = rest

    def do_healthcheck(self, rest):
        self.stage.health = words(rest.split("CMD", 1)[1].strip())

    def do_entrypoint(self, rest):
        self.stage.entrypoint = words(rest)

    def do_cmd(self, rest):
        self.stage.command = words(rest)


class Container:
    """A stage that runs: `enter` gives the words before those of a program in it."""

    def __init__(self, stage, data):
        self.stage, self.data = stage, data

    def enter(self):
        tree, (volume,) = self.stage.tree, self.stage.volumes
        user, group = self.stage.user.split(":")
        # The root read-only, and what an engine mounts: the volume, /proc, /dev, /tmp.
        script = f"""
            mount --bind {tree} {tree} && mkdir -p {tree}/proc {tree}/dev && mount -o remount,bind,ro {tree}
            mount --bind {self.data} {tree}{volume} && mount -t proc proc {tree}/proc && mount -t tmpfs tmpfs {tree}/tmp
            mount -t tmpfs -o mode=755 tmpfs {tree}/dev && mkdir {tree}/dev/shm && mount -t tmpfs tmpfs {tree}/dev/shm
            for name in null zero urandom random; do touch {tree}/dev/$name; mount --bind /dev/$name {tree}/dev/$name; done
            exec "$@"
        """
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-ec", script, "sh", shutil.which("chroot"), f"--userspec={user}:{group}", str(tree)]

    def start(self):
        environment = {"PATH": "/usr/bin"} | self.stage.environment
        self.log = open(f"{self.stage.tree}.log", "a+")
        self.process = subprocess.Popen(
            self.enter() + self.stage.entrypoint + self.stage.command, env=environment, stdout=self.log, stderr=self.log, start_new_session=True)
        for _ in range(600):
            if self.healthy():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.log.seek(0)
        fail("the server did not become healthy:\n" + self.log.read()[-3000:])

    def healthy(self):
        """Its HEALTHCHECK, in the same tree."""
        check = [shutil.which("chroot"), f"--userspec={self.stage.user}", str(self.stage.tree), *self.stage.health]
        return subprocess.run(check, env={"PATH": "/usr/bin"} | self.stage.environment, capture_output=True, timeout=10).returncode == 0

    def end(self):
        """Its STOPSIGNAL, to the program itself; it must end by itself, with 0."""
        found = subprocess.run(["pgrep", "--session", str(self.process.pid), "--full", "^/usr/bin/sensorium"], capture_output=True, text=True).stdout.split()
        os.kill(int(found[0]), getattr(signal, self.stage.stop))
        if self.process.wait(60):
            fail(f"the server ended with {self.process.returncode} on {self.stage.stop}")


def ask(path, *words):
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "60", *words, f"http://127.0.0.1:{PORT}{path}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        fail(f"{path}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def size(tree):
    return int(subprocess.run(["du", "--summarize", "--bytes", "--one-file-system", tree], check=True, capture_output=True, text=True).stdout.split()[0])


def try_out(builder, stage):
    program = builder.named("program")
    megabytes = size(program.tree) / 1e6
    say(f"without a model {megabytes:.0f} MB, with it {size(stage.tree) / 1e6:.0f} MB")
    if megabytes > MOST_MEGABYTES:
        fail(f"{megabytes:.0f} MB without a model, {MOST_MEGABYTES} at most")
    for name in ("bin/sh", "usr/bin/sh", "usr/bin/apt"):
        if (stage.tree / name).exists():
            fail(f"there is {name} in the image")
    if stage.user.split(":")[0] in ("0", "root"):
        fail("the image runs as root")
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=1)
    except OSError:
        pass
    else:
        fail(f"something listens on port {PORT} already")
    data = builder.options.folder / "volume"
    data.mkdir()
    shutil.copystat(stage.inside(stage.volumes[0]), data)
    os.chown(data, *map(int, stage.user.split(":")))
    container = Container(stage, data)
    start = time.monotonic()
    container.start()
    try:
        photo = ROOT / "examples/photos/coffee.jpg"
        caption = ask("/v1/caption", "--form", f"image=@{photo}")["caption"]
        say(f"from start to first caption in {time.monotonic() - start:.2f} s: {caption}")
        ask("/v1/collections/photos/items/cup", "--request", "PUT", "--form", f"image=@{photo}")
    finally:
        container.end()
    container.start()
    try:
        hits = ask("/v1/retrieve", "--form", "collection=photos", "--form", "text=a cup of coffee")["hits"]
    finally:
        container.end()
    if [hit["id"] for hit in hits] != ["cup"]:
        fail(f"the collection is not there after a restart: {hits}")
    if container.healthy():
        fail("the health check finds a server that ended")
    say(f"ended on {stage.stop}, and had its collection when it was started again")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dockerfile", type=Path, default=ROOT / "docker/Dockerfile")
    parser.add_argument("--folder", type=Path, help="where the trees go; a temporary one, deleted at the end, if nothing is said")
    parser.add_argument("--toolchain", type=Path, default=Path(shutil.which("swift") or "/usr/bin/swift").resolve().parents[1])
    parser.add_argument("--mirror", default="")
    parser.add_argument("--program", type=Path)
    options = parser.parse_args()
    if os.geteuid():
        fail("debootstrap and chroot want root")
    if not options.mirror:
        targets = ["apt-get", "indextargets", "--format", "$(SITE)", "Codename: bookworm", "Created-By: Packages"]
        options.mirror = subprocess.run(targets, check=True, capture_output=True, text=True).stdout.split("\n")[0]
    temporary = None
    if not options.folder:
        temporary = options.folder = Path(tempfile.mkdtemp(prefix="docker-test-"))
    options.folder.mkdir(parents=True, exist_ok=True)
    options.folder.chmod(0o755)
    builder = Builder(options)
    try:
        stage = builder.build()
        try_out(builder, stage)
    finally:
        builder.unmount()
        if temporary and not any(os.path.ismount(place) for place in temporary.rglob("*") if place.is_dir() and not place.is_symlink()):
            shutil.rmtree(temporary)
    say("all is well")


if __name__ == "__main__":
    sys.exit(main())

"""What both peers need: our two programs as child processes, and checks that count."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time


class Report:
    """Counts checks; `summary` ends the program with the right exit code."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, []

    def check(self, what, condition, detail=""):
        if condition:
            self.passed += 1
            print(f"  ok    {what}")
        else:
            self.failed.append(what)
            print(f"  FAIL  {what} {detail}")
        sys.stdout.flush()

    def summary(self):
        print(f"{self.name}: {self.passed} passed, {len(self.failed)} failed")
        sys.exit(1 if self.failed else 0)


class Program:
    """A child that prints JSON lines and reads commands."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.lines, self.condition = [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.condition:
                self.lines.append(json.loads(line))
                self.condition.notify_all()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self, matches, limit=15.0):
        """The newest line for which `matches` is true, or None; only lines from now on and the last."""
        deadline = time.monotonic() + limit
        with self.condition:
            position = max(len(self.lines) - 1, 0)
            while True:
                for line in self.lines[position:]:
                    if matches(line):
                        return line
                position = len(self.lines)
                left = deadline - time.monotonic()
                if left <= 0 or not self.condition.wait(left):
                    return None

    def close(self):
        """Ends it, if that has not been done."""
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Server:
    """This script again as a foreign server, in a process that can be killed, frozen and restarted."""

    def __init__(self, script, port):
        self.command = [sys.executable, script, "--serve", str(port)]
        self.port = port
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "ready" not in line:
            raise RuntimeError(f"the foreign server did not start: {line!r}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def protect(self):
        """From now on it is read as ever, and refuses every write."""
        self._order(signal.SIGUSR1, "protected")

    def release(self):
        self._order(signal.SIGUSR2, "released")

    def _order(self, number, answer):
        os.kill(self.process.pid, number)
        line = self.process.stdout.readline()
        if answer not in line:
            raise RuntimeError(f"the foreign server did not obey: {line!r}")


def obey_protection(loop, set_protected):
    """The foreign server's side of `Server.protect` and `Server.release`; `set_protected` is a coroutine function."""

    async def obey(protected):
        await set_protected(protected)
        print("protected" if protected else "released", flush=True)

    for number, protected in ((signal.SIGUSR1, True), (signal.SIGUSR2, False)):
        loop.add_signal_handler(number, lambda protected=protected: loop.create_task(obey(protected)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, limit=15.0):
    """Waits until `condition()` is true; tells whether it became so."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def near(a, b, tolerance=0.01):
    return a is not None and abs(a - b) <= tolerance


def argument(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def check_drive(report, drive, server, read_outputs):
    """Our client half against a foreign server: values, commands, kill -9, freeze, restart."""
    good = lambda line: line.get("up") and all(q == "Good" for q in line["qualities"].values())
    report.check("all inputs become good", drive.wait(good))
    report.check("nothing is written before the first command", read_outputs()["heartbeat"] == 0)
    drive.say("FV-101=62.5")
    drive.say("SC-101=1200.5")
    drive.say("P-101.start=1")
    follows = lambda line: line.get("up") and near(line["values"]["LT-101"], 62.5)
    report.check("the level follows the commanded valve", drive.wait(follows))
    report.check("the pump runs", drive.wait(lambda line: line.get("up") and line["values"]["P-101.running"] == 1.0))
    outputs = read_outputs()
    report.check("the foreign server holds the commands", near(outputs["SC-101"], 1200.5) and outputs["P-101.start"], outputs)
    beat = read_outputs()["heartbeat"]
    report.check("the heartbeat moves", until(lambda: read_outputs()["heartbeat"] != beat))
    drive.say("scan off")
    # The client needs at most one write period to notice that the scan stands still.
    still = lambda: (lambda first: time.sleep(0.6) or read_outputs()["heartbeat"] == first)(read_outputs()["heartbeat"])
    report.check("a dead scan's heartbeat stands still", until(still))
    drive.say("scan on")

    for name, hurt, heal in [
        ("killed", server.kill, server.start),
        ("frozen", server.freeze, server.thaw),
    ]:
        drive.wait(good)
        hurt()
        since = time.monotonic()
        down = drive.wait(lambda line: "up" in line and not line["up"], 5.0)
        took = time.monotonic() - since
        report.check(f"a {name} server is known within 2 s", down and took <= 2.0, f"{took:.2f} s")
        print(f"        loss known after {took:.2f} s")
        if down:
            bad = all(quality == "BadNoCommunication" for quality in down["qualities"].values())
            report.check(f"{name}: every input is bad and keeps its value", bad and near(down["values"]["LT-101"], 62.5), down)
        heal()
        since = time.monotonic()
        report.check(f"{name}: live again", drive.wait(good, 20.0))
        print(f"        live again after {time.monotonic() - since:.2f} s")
        value = 30.0 if name == "killed" else 45.0
        drive.say(f"FV-101={value}")
        report.check(f"{name}: values flow again", drive.wait(lambda line: line.get("up") and near(line["values"]["LT-101"], value), 20.0))
        drive.say("FV-101=62.5")
        report.check(f"{name}: commands flow again", drive.wait(follows, 20.0))


def check_refusing(report, new_drive, server, read_outputs, word):
    """Our client half against a foreign server that can be read and not written, met in work and from the start."""
    good = lambda line: line.get("up") and all(q == "Good" for q in line["qualities"].values())
    is_down = lambda line: "up" in line and not line["up"]
    drive = new_drive()

    def trouble():
        drive.say("health")
        line = drive.wait(lambda line: "health" in line)
        return line and line["health"]

    try:
        report.check("a server that can be written is up before the first command", drive.wait(good))
        report.check("and was told nothing new", read_outputs()["heartbeat"] == 0, read_outputs())
        drive.say("SC-101=900")
        commanded = lambda value: lambda: near(read_outputs()["SC-101"], value)
        report.check("it takes a command", until(commanded(900)))

        server.protect()
        drive.say("SC-101=300")
        report.check("a write-protected server is a lost link", drive.wait(is_down, 10.0))
        shown = trouble()
        report.check("and the reason is the server's own word", shown and "refuses its heartbeat" in shown and word in shown, shown)
        report.check("it holds what it had", near(read_outputs()["SC-101"], 900), read_outputs())
        server.release()
        report.check("written again it is back", drive.wait(good, 20.0))
        report.check("and takes the command of now", until(commanded(300)))
        drive.close()

        server.protect()
        drive = new_drive()
        drive.say("SC-101=700")
        report.check("refusing from the start it is tried more than once", until(lambda: (trouble() or "").count("errors: 0") == 0))
        up = drive.wait(lambda line: line.get("up"), 3.0)
        report.check("and never up", up is None, up)
        report.check("nor written", near(read_outputs()["SC-101"], 300), read_outputs())
        server.release()
        report.check("until it can be written", drive.wait(good, 20.0))
        report.check("then it takes commands", until(commanded(700)))
    finally:
        drive.close()

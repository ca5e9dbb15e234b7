#!/usr/bin/env python3
"""A plug-in in another language that does what the setting plugin:manner says, or, while setting, what the account's key says."""
import json, os, signal, struct, subprocess, sys, time

source, sink = sys.stdin.buffer, sys.stdout.buffer


def read():
    header = source.read(4)
    if len(header) < 4:
        sys.exit(0)
    return source.read(struct.unpack(">I", header)[0])


def write(message):
    frame = message if isinstance(message, bytes) else json.dumps(message).encode()
    sink.write(struct.pack(">I", len(frame)) + frame)
    sink.flush()


def behave(manner, request_id):
    if manner == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    elif manner == "hang":
        child = subprocess.Popen(["sleep", "600"])
        with open(os.environ.get("TMPDIR", "/tmp") + f"/odd-plugin-{os.getppid()}", "a") as seen:
            seen.write(f"{os.getpid()} {child.pid}\n")
        time.sleep(600)
    elif manner == "garbage":
        sink.write(b"Hello, I print to standard output\n")
        sink.flush()
        time.sleep(600)
    elif manner == "half":
        sink.write(struct.pack(">I", 100) + b"{")
        sink.flush()
        sys.exit(0)
    elif manner == "noJson":
        write(b"<answer/>")
    elif manner == "otherId":
        write({"word": "delivered", "id": request_id + 1})
    elif manner == "otherWord":
        write({"word": "present", "id": request_id})
    elif manner == "unknownWord":
        write({"word": "splendid", "id": request_id})
    else:
        return False
    return True


def keep_silent():
    open(kept + ".hangs", "w").close()
    time.sleep(600)


hello = json.loads(read())
secrets = {name: read().decode() for name in hello["secrets"]}
manner = hello["settings"].get("manner", "good")
kept = hello["settings"].get("file")  # where it keeps a password that was set; without one it cannot be asked for it
hangs = hello["settings"].get("hangs")
if manner == "chatty":
    print(f"cannot load, my secret is {secrets['key']}", file=sys.stderr)
    sys.exit(3)
if manner == "refuse":
    write({"protocol": 1, "refusal": f"plugin:manner is wrong; the key is {secrets.get('key')}"})
    sys.exit(0)
if manner == "oldVersion":
    write({"protocol": 0, "description": {}})
    sys.exit(0)
if not behave(manner, 0):
    write({"protocol": 1, "description": {"lengthMin": 6, "lengthMax": 64, "canProbe": kept is not None}})

while True:
    request = json.loads(read())
    if request["word"] in ("set", "probe"):
        password = read().decode()
    if request["word"] == "find":
        write({"word": "found", "id": request["id"], "key": request["find"]["samAccountName"], "mark": str(os.getpid())})
    elif request["word"] == "set":
        key = request["set"]["account"]["key"]
        if not behave(key, request["id"]):
            if key.startswith("busy"):
                write({"word": "throttled", "id": request["id"], "reason": "not now", **({"retryAfterSeconds": float(key[4:])} if key[4:] else {})})
            elif kept:
                if hangs == "before":
                    keep_silent()
                with open(kept, "w", encoding="utf-8") as file:
                    file.write(password)
                if hangs == "after":
                    keep_silent()
                write({"word": "delivered", "id": request["id"]})
            elif key == "echo":
                write({"word": "refusedByPolicy", "id": request["id"], "reason": f"'{password}' is in the dictionary"})
            else:
                write({"word": "delivered", "id": request["id"], "mark": str(os.getpid())})
    elif request["word"] == "probe":
        with open(kept, encoding="utf-8") as file:
            write({"word": "present" if file.read() == password else "absent", "id": request["id"]})
    else:
        write({"word": "good", "id": request["id"], "reason": "I am a snake."})

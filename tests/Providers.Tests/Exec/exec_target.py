#!/usr/bin/env python3
"""A program for the exec provider: keeps accounts in a JSON file, as docs/providers/exec.md asks."""
import fcntl, json, os, sys, time

NOT_FOUND, REFUSED, MISCONFIGURED, ABSENT = 10, 11, 14, 16


def end(code, said=""):
    print(said, file=sys.stderr)
    sys.exit(code)


request = json.loads(sys.stdin.buffer.read().decode("ascii"))
path = request["parameters"].get("file", "")
if not os.path.exists(path):
    end(MISCONFIGURED, "there is no file")

with open(path + ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    with open(path, encoding="utf-8") as file:
        accounts = json.load(file)
    action = request["action"]
    if action == "verify":
        sys.exit(0)

    if action == "find":
        keys = [key for key, account in accounts.items() if account["login"] == request["source"]["samAccountName"]]
        if len(keys) != 1:
            end(NOT_FOUND, "ambiguous" if keys else "nobody has this login")
        print(json.dumps({"key": keys[0], "name": accounts[keys[0]]["login"], "mark": str(accounts[keys[0]]["version"])}))
        sys.exit(0)

    account = accounts.get(request["account"]["key"])
    password = request["password"]
    if account is None:
        end(NOT_FOUND, "the account is gone")
    if action == "probe":
        print(json.dumps({"mark": str(account["version"])}))
        sys.exit(0 if account["password"] == password else ABSENT)

    if len(password) < 8:
        end(REFUSED, f"'{password}' is too short")
    hangs = request["parameters"].get("hangs")
    if hangs == "before":
        open(path + ".hangs", "w").close()
        time.sleep(600)
    account.update(password=password, version=account["version"] + 1)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(accounts, file)
    os.replace(path + ".new", path)  # whoever is killed leaves the old file or the new one
    if hangs == "after":
        open(path + ".hangs", "w").close()
        time.sleep(600)
    print(json.dumps({"mark": str(account["version"])}))

#!/usr/bin/env python3
"""A program for the exec provider: keeps accounts in a JSON file, as docs/providers/exec.md asks."""
import fcntl, json, os, sys

NOT_FOUND, REFUSED, MISCONFIGURED, ABSENT = 10, 11, 14, 16


def end(code, said=""):
    print(said, file=sys.stderr)
    sys.exit(code)


request = json.loads(sys.stdin.buffer.read().decode("ascii"))
path = request["parameters"].get("file", "")
if not os.path.exists(path):
    end(MISCONFIGURED, "there is no file")

with open(path, "r+", encoding="utf-8") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
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
    account.update(password=password, version=account["version"] + 1)
    file.seek(0)
    file.truncate()
    json.dump(accounts, file)
    print(json.dumps({"mark": str(account["version"])}))

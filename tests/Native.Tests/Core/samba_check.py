"""Samba's own complexity check, line by line as native/Filter/tests/complexity_judge.c: a password in hexadecimal in, 1 or 0 out."""

import sys

import samba

for line in sys.stdin:
    print(int(samba.check_password_quality(bytes.fromhex(line.strip()).decode())))

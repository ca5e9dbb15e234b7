#!/usr/bin/env python3
"""Prints the queries that give an MSI's table File the versions and languages of the files themselves; wixl leaves those columns empty.

    native/Installer/file_versions.py NAME=VALUE... FILE.wxs...

NAME=VALUE are wixl's variables, the paths relative to this folder as wixl sees them. Windows Installer never lays a file without a version over one with a
version, and during an upgrade it decides that by this table; a file with a version has no row in MsiFileHash.
"""
import re
import struct
import sys
import xml.etree.ElementTree as xml

VERSION_RESOURCE = 16
FIXED_INFO = 0xFEEF04BD
# Of the optional header's two kinds: where its table of directories begins.
DIRECTORIES = {0x10B: 96, 0x20B: 112}


def number(raw, at, kind="I"):
    return struct.unpack_from("<" + kind, raw, at)[0]


def resource_section(raw):
    """The address and the place in the file of a PE image's resources; None for what has none."""
    header = number(raw, 0x3C) if raw[:2] == b"MZ" else 0
    if not header or raw[header : header + 4] != b"PE\0\0":
        return None
    optional = header + 24
    address = number(raw, optional + DIRECTORIES[number(raw, optional, "H")] + 2 * 8)
    sections = optional + number(raw, header + 20, "H")
    for section in range(sections, sections + 40 * number(raw, header + 6, "H"), 40):
        start, length = number(raw, section + 12), number(raw, section + 16)
        if start <= address < start + length:
            return address, number(raw, section + 20) + address - start
    return None


def version_resource(raw):
    """The bytes of the first resource of versions; None if there is none."""
    found = resource_section(raw)
    if found is None:
        return None
    address, root = found
    at, wanted = root, VERSION_RESOURCE
    # Three steps: kind, name, language. Of names and languages the first is taken.
    for _ in range(3):
        entries = range(at + 16, at + 16 + 8 * (number(raw, at + 12, "H") + number(raw, at + 14, "H")), 8)
        entry = next((entry for entry in entries if wanted in (None, number(raw, entry))), None)
        if entry is None:
            return None
        at, wanted = root + (number(raw, entry + 4) & 0x7FFFFFFF), None
    start = root + number(raw, at) - address
    return raw[start : start + number(raw, at + 4)]


def version_of(path):
    """Version and languages as Windows Installer writes them, such as ("0.1.0.0", "1033"); None for a file without."""
    with open(path, "rb") as file:
        block = version_resource(file.read())
    if block is None or number(block, 40) != FIXED_INFO:
        return None
    high, low = number(block, 48), number(block, 52)
    languages = []
    key = block.find("Translation\0".encode("utf-16-le"))
    if key >= 0:
        value = key + 24 + -(key + 24) % 4
        languages = [str(number(block, at, "H")) for at in range(value, value + number(block, key - 4, "H"), 4)]
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}", ",".join(languages)


def main():
    variables = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    for source in (word for word in sys.argv[1:] if "=" not in word):
        for file in xml.parse(source).iter("{http://schemas.microsoft.com/wix/2006/wi}File"):
            found = version_of(re.sub(r"\$\(var\.(\w+)\)", lambda match: variables[match[1]], file.get("Source")))
            if found:
                print(f"UPDATE `File` SET `Version`='{found[0]}', `Language`='{found[1]}' WHERE `File`='{file.get('Id')}'")
                print(f"DELETE FROM `MsiFileHash` WHERE `File_`='{file.get('Id')}'")


main()

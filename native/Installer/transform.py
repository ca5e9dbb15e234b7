#!/usr/bin/env python3
"""Makes a transform (MST) that sets properties of an MSI, for Group Policy, which cannot give properties itself.

    native/Installer/transform.py PasswordSync.mst NODES=https://sync1.example.test:9443 CLUSTER=main

On Debian 12: apt-get install python3 msitools (for libgsf, which writes the container). A transform is a compound file like an MSI: a pool of strings, and for
each changed table the rows to put in. It fits every version of the package: it checks neither product code nor version.
"""
import ctypes
import re
import struct
import sys

TRANSFORM_CLASS = bytes.fromhex("82100c0000000000c000000000000046")
SUMMARY_FORMAT = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
UTF8 = 65001
# A row that is given whole: bit 0, and the number of columns above.
WHOLE_ROW_OF_TWO = 0x0201
STRINGS_MAX = 0xFFFF
VALUE_MAX = 0xFFFF
# Of the summary: nothing of the package is compared, and a property that it has already gets the new value.
NO_VALIDATION = 0
ADD_OVER_EXISTING_ROW = 1


def table_stream(name):
    """The name of a table's stream: two characters of a set of 64 in one."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
    digits = [letters.index(letter) for letter in name]
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return "\u4840" + "".join(chr(0x3800 + pair[0] + pair[1] * 64) if len(pair) == 2 else chr(0x4800 + pair[0]) for pair in pairs)


def summary():
    """The property set that every transform has: code page, platform, an empty pair of product codes, needed version of Windows Installer, no validation."""
    def text(value):
        raw = value.encode() + b"\0"
        return struct.pack("<II", 30, len(raw)) + raw + b"\0" * (-len(raw) % 4)

    no_product = "{00000000-0000-0000-0000-000000000000}0.0.0"
    values = [
        (1, struct.pack("<Ihxx", 2, UTF8 - 65536)), (2, text("Transform")), (7, text("x64;1033")), (9, text(f"{no_product};{no_product};")),
        (14, struct.pack("<Ii", 3, 500)), (16, struct.pack("<Ii", 3, NO_VALIDATION | ADD_OVER_EXISTING_ROW)),
    ]
    entries, body = b"", b""
    for number, value in values:
        entries += struct.pack("<II", number, 8 + 8 * len(values) + len(body))
        body += value
    section = struct.pack("<II", 8 + len(entries) + len(body), len(values)) + entries + body
    return struct.pack("<HHI16sI", 0xFFFE, 0, 2, b"", 1) + SUMMARY_FORMAT + struct.pack("<I", 48) + section


def streams(properties):
    """The streams of a transform that gives the table Property these rows."""
    strings = ["Property"] + [word for pair in properties.items() for word in pair]
    raw = [word.encode() for word in strings]
    # Two bytes for the code page, two whose highest bit stands for references of three bytes; then length and uses of each string.
    pool = struct.pack("<HH", UTF8, 0) + b"".join(struct.pack("<HH", len(word), 1) for word in raw)
    rows = b"".join(struct.pack("<HHH", WHOLE_ROW_OF_TWO, 2 + 2 * row, 3 + 2 * row) for row in range(len(properties)))
    return {
        "\5SummaryInformation": summary(), table_stream("_StringPool"): pool, table_stream("_StringData"): b"".join(raw), table_stream("Property"): rows,
    }


def write(path, content):
    gsf, gobject = ctypes.CDLL("libgsf-1.so.114"), ctypes.CDLL("libgobject-2.0.so.0")
    for function in (gsf.gsf_output_stdio_new, gsf.gsf_outfile_msole_new, gsf.gsf_outfile_new_child):
        function.restype = ctypes.c_void_p
    gsf.gsf_init()
    output = ctypes.c_void_p(gsf.gsf_output_stdio_new(path.encode(), None))
    if not output:
        sys.exit(f"{path} cannot be written.")
    container = ctypes.c_void_p(gsf.gsf_outfile_msole_new(output))
    done = gsf.gsf_outfile_msole_set_class_id(container, TRANSFORM_CLASS)
    for name, raw in content.items():
        stream = ctypes.c_void_p(gsf.gsf_outfile_new_child(container, name.encode(), 0))
        done = done and gsf.gsf_output_write(stream, ctypes.c_size_t(len(raw)), raw) and gsf.gsf_output_close(stream)
        gobject.g_object_unref(stream)
    done = done and gsf.gsf_output_close(container)
    gobject.g_object_unref(container)
    gobject.g_object_unref(output)
    if not done:
        sys.exit(f"{path} cannot be written.")


def main():
    pairs = [word.partition("=") for word in sys.argv[2:]]
    wrong = [name for name, equals, value in pairs if not equals or not value or not re.fullmatch("[A-Z][A-Z0-9_]{0,70}", name) or len(value.encode()) > VALUE_MAX]
    if len(sys.argv) < 3 or wrong or len(pairs) * 2 >= STRINGS_MAX or len({name for name, _, _ in pairs}) < len(pairs):
        sys.exit(f"Usage: transform.py FILE.mst NAME=VALUE..., each NAME once, in capital letters{': ' + ', '.join(wrong) if wrong else ''}")
    write(sys.argv[1], streams({name: value for name, _, value in pairs}))


main()

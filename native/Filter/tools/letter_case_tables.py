#!/usr/bin/python3
"""Prints core/letter_case_tables.h: tools/letter_case_tables.py > core/letter_case_tables.h

Which characters have a case is asked of Samba's own check (Debian's python3-samba), because the filter's complexity rule takes its place and must not
refuse what it accepts; what their other case is comes from the Unicode data that Python carries.
"""

import unicodedata

import samba

SURROGATES = range(0xD800, 0xE000)


def kind_in_samba(code_point):
    """A password of the character and of two ASCII kinds is good exactly if the character is of a third kind."""
    character = chr(code_point)
    without_upper = samba.check_password_quality("a1" + character)
    without_lower = samba.check_password_quality("B1" + character)
    if without_upper and without_lower:
        return "other"
    return "upper" if without_upper else "lower"


def simple(code_point, mapped):
    """A simple mapping maps to one character; where Python gives several (the full mapping), there is no simple one."""
    return ord(mapped) if len(mapped) == 1 else code_point


def mappings():
    """From each character beyond ASCII that has a case in Samba to its other case: upper to lower, lower to upper."""
    to_lower, to_upper = {}, {}
    for code_point in range(0x80, 0x110000):
        if code_point in SURROGATES:
            continue
        kind = kind_in_samba(code_point)
        if kind == "upper":
            to_lower[code_point] = simple(code_point, chr(code_point).lower())
        elif kind == "lower":
            to_upper[code_point] = simple(code_point, chr(code_point).upper())
    for code_point, mapped in [*to_lower.items(), *to_upper.items()]:
        assert mapped != code_point, f"U+{code_point:04X} has a case in Samba and none in Unicode"
    return to_lower, to_upper


def ranges(mapping):
    """Mappings as [first, last, step, delta]; a step is 1 or 2."""
    result = []
    for code_point, mapped in sorted(mapping.items()):
        delta = mapped - code_point
        if result and result[-1][3] == delta:
            first, last, step, _ = result[-1]
            gap = code_point - last
            if gap == step or (first == last and gap <= 2):
                result[-1][1:3] = [code_point, gap]
                continue
        result.append([code_point, code_point, 1, delta])
    return result


def table(name, mapping):
    rows = ["{0x%04X, 0x%04X, %d, %d}" % tuple(entry) for entry in ranges(mapping)]
    lines = ["    " + ", ".join(rows[start:start + 4]) for start in range(0, len(rows), 4)]
    return "static const struct mapping %s[] = {\n%s};\n" % (name, ",\n".join(lines))


to_lower, to_upper = mappings()
print("/* The characters beyond ASCII that have a case in Samba %s, and their simple case mappings of Unicode %s, ordered." % (
    samba.version.split("-")[0], unicodedata.unidata_version))
print("   Made by tools/letter_case_tables.py; not edited by hand. */\n")
print(table("to_lower", to_lower))
print(table("to_upper", to_upper), end="")

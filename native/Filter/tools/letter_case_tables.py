#!/usr/bin/env python3
"""Prints core/letter_case_tables.h from the Unicode data that Python carries: tools/letter_case_tables.py > core/letter_case_tables.h"""

import unicodedata


def simple(code_point, mapped):
    """A simple mapping maps to one character; where Python gives several (the full mapping), there is no simple one,
    except that U+0130 has U+0069 (UnicodeData.txt)."""
    if len(mapped) == 1:
        return ord(mapped)
    return 0x69 if code_point == 0x130 and mapped[0] == "i" else code_point


def ranges(mapping):
    """Mappings beyond ASCII as [first, last, step, delta]; a step is 1 or 2."""
    result = []
    for code_point in range(0x80, 0x110000):
        if 0xD800 <= code_point <= 0xDFFF or mapping(code_point) == code_point:
            continue
        delta = mapping(code_point) - code_point
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


print("/* Simple case mappings beyond ASCII of Unicode %s, ordered. Made by tools/letter_case_tables.py; not edited by hand. */\n" % unicodedata.unidata_version)
print(table("to_lower", lambda code_point: simple(code_point, chr(code_point).lower())))
print(table("to_upper", lambda code_point: simple(code_point, chr(code_point).upper())), end="")

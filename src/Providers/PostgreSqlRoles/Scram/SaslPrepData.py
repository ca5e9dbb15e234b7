#!/usr/bin/env python3
"""Prints SaslPrepData.txt, from the tables that Python has of RFC 3454 and of Unicode."""
import stringprep, sys, unicodedata as u
def ranges(pred):
    r=[];s=None
    for c in range(0x110000):
        inn = False if 0xd800<=c<0xe000 else pred(chr(c))
        if inn and s is None: s=c
        if not inn and s is not None: r.append((s,c-1)); s=None
    if s is not None: r.append((s,0x10ffff))
    return r
def show(tag,pred):
    print(tag, ' '.join(f"{a:X}" if a==b else f"{a:X}-{b:X}" for a,b in ranges(pred)))
print(f"# Made by SaslPrepData.py from Python's stringprep (RFC 3454) and unicodedata (Unicode {u.unidata_version}).")
sp=stringprep
show('space', lambda c: sp.in_table_c12(c))
show('nothing', lambda c: sp.in_table_b1(c))
show('prohibited', lambda c: sp.in_table_c12(c) or sp.in_table_c21(c) or sp.in_table_c22(c) or sp.in_table_c3(c) or sp.in_table_c4(c) or sp.in_table_c5(c) or sp.in_table_c6(c) or sp.in_table_c7(c) or sp.in_table_c8(c) or sp.in_table_c9(c))
show('unassigned', lambda c: sp.in_table_a1(c))
show('right', lambda c: sp.in_table_d1(c))
show('left', lambda c: sp.in_table_d2(c))
cls={}
dec=[];comp=[]
for c in range(0x110000):
    if 0xd800<=c<0xe000 or 0xac00<=c<=0xd7a3: continue
    ch=chr(c)
    if u.combining(ch): cls.setdefault(u.combining(ch),[]).append(c)
    d=u.normalize('NFKD',ch)
    if d!=ch: dec.append((c,d))
    raw=u.decomposition(ch)
    if raw and not raw.startswith('<'):
        p=raw.split()
        if len(p)==2:
            a,b=(chr(int(x,16)) for x in p)
            if u.normalize('NFC',a+b)==ch: comp.append((int(p[0],16),int(p[1],16),c))
for k,v in sorted(cls.items()): print(f"class:{k}", ' '.join(f"{c:X}" for c in v))
print('decompose',' '.join(f"{c:X}={'+'.join(f'{ord(x):X}' for x in d)}" for c,d in dec))
print('compose',' '.join(f"{a:X}+{b:X}={c:X}" for a,b,c in comp))

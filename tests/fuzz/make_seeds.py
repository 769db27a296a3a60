#!/usr/bin/env python3
"""Makes the seeds of the corpus anew, when the draft number has changed: tests/fuzz/make_seeds.py REPLAY

REPLAY is the program replay.c. Payloads are those of the golden recordings, one chunk each.
"""

import ctypes
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
TYPES = (b"DEFS", b"SAMP", b"EVNT", b"gAPS", b"dONE", b"HEAD", b"sRCe")


def unpacked(codec, payload, length):
    if codec == 0:
        return payload
    room = ctypes.create_string_buffer(length)
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress(room, ctypes.c_size_t(length), payload, ctypes.c_size_t(len(payload)))
    return room.raw


def chunks(data):
    at = 64
    while at < len(data):
        _, kind, codec, _, preamble, body, payload = struct.unpack_from("<4s4sBBHII", data, at)
        stored = data[at + 32:at + 32 + body]
        yield kind, preamble, stored[:preamble] + unpacked(codec, stored[preamble:], payload)
        at += 32 + body


def main():
    seen = set()
    for path in sorted((ROOT / "format" / "golden").glob("*.mlog")):
        data = path.read_bytes()
        (CORPUS / "file" / path.name).write_bytes(data)
        for number, (kind, preamble, content) in enumerate(chunks(data)):
            seed = bytes([TYPES.index(kind), preamble]) + content if kind in TYPES else b""
            if seed and seed not in seen:
                seen.add(seed)
                (CORPUS / "payload" / f"{path.stem}-{number}-{kind.decode()}").write_bytes(seed)
    subprocess.run([sys.argv[1], "seed", CORPUS / "journal" / "three-flushes"], check=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes of a golden recording one that a later minor version might write: tests/format/make_future.py FROM TO

What may be ignored is everywhere: a longer file header, a later minor version that older readers may read, ignorable
features, an ancillary chunk, columns, values at the end of preambles, flags. A reader of today reads it as it read FROM.
"""

import pathlib
import struct
import sys

import decoder

IGNORABLE_CHUNK_FLAG = 0x40
LATER_COLUMN = 1000


def uv(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def wrap(kind, flags, preamble, payload, sequence):
    body = preamble + payload
    head = struct.pack("<4s4sBBHIIII", b"\xa7MLC", kind, 0, flags, len(preamble), len(body), len(payload), sequence,
                       decoder.crc32c(body))
    return head + struct.pack("<I", decoder.crc32c(head)) + body


def with_column(payload, column, content):
    """A container with one more column at its end, which may be ignored."""
    numbers = decoder.Numbers(payload)
    count = numbers.uv()
    directory = [(numbers.uv(), numbers.uv()) for _ in range(count)]
    key = 2 * max(column, directory[-1][0] // 2 + 1 if directory else 0) + 1
    directory.append((key, len(content)))
    return (uv(count + 1) + b"".join(uv(key) + uv(length) for key, length in directory) + payload[numbers.at:] + content)


def header(data):
    fields = bytearray(data[:64])
    struct.pack_into("<HHHH", fields, 8, 80, 1, 3, 0)
    struct.pack_into("<I", fields, 24, 0x00000ff0)
    struct.pack_into("<I", fields, 60, decoder.crc32c(fields[:60]))
    return bytes(fields) + b"sixteen bytes on"


def future(data):
    out = bytearray(header(data))
    at, sequence = 64, 0
    while at < len(data):
        chunk = decoder.Chunk(data[at:])
        payload = decoder.decompress(chunk.stored, chunk.payload_length) if chunk.codec else chunk.stored
        if chunk.type != b"dONE":
            later = uv(7) + uv(1 << 40) if chunk.type in (b"SAMP", b"EVNT") else b""
            out += wrap(chunk.type, chunk.flags | IGNORABLE_CHUNK_FLAG, chunk.preamble.data + later,
                        with_column(payload, LATER_COLUMN, b"what a later version knows"), sequence)
        at += chunk.length
        sequence += 1
        if chunk.type == b"HEAD":
            out += wrap(b"lATR", 0, uv(5), b"\xff\x00 a chunk that need not even be a container", sequence)
            sequence += 1
    return bytes(out)


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).write_bytes(future(pathlib.Path(sys.argv[1]).read_bytes()))

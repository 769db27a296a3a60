#!/usr/bin/env python3
"""A decoder of `.mlog` files, written from core/format/FORMAT.md and sharing no code with the C reader.

    tests/format/decoder.py FILE

prints what `microlog-analyze dump --format ndjson` prints for the tables, runs and events of a file without
damage. It exists to check the specification and the reader against each other, not to be fast or forgiving.
"""

import base64
import ctypes
import json
import struct
import sys

SIGNATURE = b"\x89MLG\r\n\x1a\n"
DRAFT = 3


class Damaged(Exception):
    """The bytes are not what FORMAT.md says."""


def expect(condition, what):
    if not condition:
        raise Damaged(what)


def make_crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = make_crc_table()


def crc32c(data, previous=0):
    crc = previous ^ 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def decompress(data, length):
    """Zstandard, by the library that every part of this project needs anyway."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(length or 1)
    size = library.ZSTD_decompress(room, ctypes.c_size_t(length), data, ctypes.c_size_t(len(data)))
    expect(size == length, "a payload does not decompress to its declared length")
    return room.raw[:length]


class Numbers:
    """Reads numbers from bytes, up to their end."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def bytes(self, length):
        expect(length <= len(self.data) - self.at, "a column is cut off")
        self.at += length
        return self.data[self.at - length:self.at]

    def uv(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.bytes(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                expect(value < 1 << 64, "a number is too large")
                return value
        raise Damaged("a number has more than ten bytes")

    def sv(self):
        value = self.uv()
        return value >> 1 if value % 2 == 0 else -(value + 1 >> 1)

    def left(self):
        return len(self.data) - self.at

    def finish(self):
        expect(self.left() == 0, "a column is not used up")


class Chunk:
    def __init__(self, data, chain=0):
        expect(len(data) >= 32, "not a whole chunk")
        (sync, self.type, self.codec, self.flags, preamble, body, self.payload_length, self.sequence, body_crc,
         header_crc) = struct.unpack_from("<4s4sBBHIIIII", data)
        expect(sync == b"\xa7MLC" and crc32c(data[:28], chain) == header_crc, "not a chunk")
        self.checksum = header_crc
        self.length = 32 + body
        stored = data[32:self.length]
        expect(self.type.isalpha() and self.type[2:3].isupper(), "a type that cannot be")
        expect(len(stored) == body and crc32c(stored) == body_crc, "a damaged chunk")
        self.preamble = Numbers(stored[:preamble])
        self.stored = stored[preamble:]

    def values(self, count):
        return [self.preamble.uv() if self.preamble.left() else 0 for _ in range(count)]

    def columns(self):
        expect(self.codec in (0, 1), "an unknown codec")
        payload = decompress(self.stored, self.payload_length) if self.codec == 1 else self.stored
        expect(len(payload) == self.payload_length, "a stored payload has two lengths")
        numbers = Numbers(payload)
        directory = [(numbers.uv(), numbers.uv()) for _ in range(numbers.uv())]
        columns = {key // 2: Numbers(numbers.bytes(length)) for key, length in directory}
        expect(numbers.left() == 0 and list(columns) == sorted(columns), "a damaged directory")
        return Columns(columns, {key // 2 for key, _ in directory if key % 2 == 0})


class Columns:
    def __init__(self, columns, needed):
        self.columns = columns
        self.needed = needed
        self.taken = set()

    def take(self, column):
        self.taken.add(column)
        return self.columns.get(column, Numbers(b""))

    def has(self, column):
        return column in self.columns

    def finish(self):
        expect(self.needed <= self.taken, "a column that must be understood is unknown")
        for column in self.taken & set(self.columns):
            self.columns[column].finish()


class Next:
    """`next` of a reference."""

    def __init__(self, first):
        self.next = first

    def take(self, numbers):
        value = numbers.uv()
        entry = self.next if value == 0 else value - 1
        self.next = max(self.next, entry + 1)
        return entry


def text(data):
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")


class Recording:
    def __init__(self, number):
        self.number = number
        self.head = {}
        self.strings = [b""]
        self.codes = []
        self.frames = []
        self.nodes = [None]
        self.threads = []
        self.kinds = []
        self.blocks = []
        self.gaps = []
        self.sources = []
        self.ended = False

    # ---- HEAD ----

    def read_head(self, chunk):
        columns = chunk.columns()
        anchor = columns.take(3)
        self.head["anchor"], = struct.unpack("<Q", anchor.bytes(8))
        expect(anchor.uv() == 1, "an unknown clock")
        wall = columns.take(4)
        self.head["wall"], = struct.unpack("<q", wall.bytes(8))
        self.head["uncertainty"] = wall.uv()
        self.head["period"] = columns.take(6).uv()
        self.head["cpu_unit"] = columns.take(8).uv()
        self.head["event_unit"] = columns.take(9).uv()
        columns.finish()

    # ---- DEFS ----

    def read_definitions(self, chunk):
        tables = (self.strings, self.codes, self.frames, self.nodes, self.threads, self.kinds)
        values = chunk.values(12)
        expect(values[:6] == [len(table) for table in tables], "definitions are missing")
        strings, codes, frames, nodes, threads, kinds = values[6:]
        columns = chunk.columns()
        next_string, next_code, next_frame = Next(values[0]), Next(values[1]), Next(values[2])
        for _ in range(strings):
            self.strings.append(columns.take(2).bytes(columns.take(1).uv()))
        for _ in range(codes):
            self.codes.append({
                "file": next_string.take(columns.take(3)), "name": next_string.take(columns.take(4)),
                "line": columns.take(5).uv(),
                "module": columns.take(6).uv() if columns.has(6) else 0,
                "flags": columns.take(7).uv() if columns.has(7) else 0})
        for _ in range(frames):
            code = next_code.take(columns.take(8))
            difference = columns.take(9).sv() if columns.has(9) else 0
            self.frames.append({"code": code, "line": self.codes[code]["line"] + difference})
        self.read_nodes(columns, len(self.nodes) + nodes, next_frame)
        next_name, native_id, first_tick, number = Next(values[0]), 0, 0, 0
        for _ in range(threads):
            native_id = (native_id + columns.take(17).sv()) % (1 << 64)
            first_tick = (first_tick + columns.take(20).sv()) % (1 << 64)
            number = (number + columns.take(21).sv()) % (1 << 64)
            self.threads.append({"ident": columns.take(16).uv(), "native_id": native_id,
                                 "name": self.thread_name(next_name.take(columns.take(18)), number),
                                 "interpreter": columns.take(19).uv(),
                                 "first_tick": first_tick})
        for _ in range(kinds):
            kind = columns.take(24)
            name, flags, count = kind.uv(), kind.uv(), kind.uv()
            self.kinds.append({"name": name, "flags": flags, "fields": [
                {"name": kind.uv(), "type": kind.uv(), "unit": kind.uv()} for _ in range(count)]})
        columns.finish()

    def thread_name(self, string, number):
        name = self.strings[string]
        if number:
            expect(b"\0" in name and len(name) <= 128, "a thread's number without a place in its name")
            name = name.replace(b"\0", b"%d" % (number - 1), 1)
        return name

    def read_nodes(self, columns, end, next_frame):
        while len(self.nodes) < end:
            parent = len(self.nodes) - 1 - columns.take(12).uv()
            expect(parent >= 0, "a node before the first")
            for _ in range(columns.take(13).uv() + 1):
                depth = self.nodes[parent]["depth"] + 1 if parent else 1
                self.nodes.append({"parent": parent, "frame": next_frame.take(columns.take(14)), "depth": depth})
                parent = len(self.nodes) - 1

    # ---- SAMP ----

    def read_samples(self, chunk):
        start, span, ticks, samples, run_count, _, _, _, skipped, _, first_slot = chunk.values(11)
        period = self.head["period"]
        columns = chunk.columns()
        slot_end = self.read_grid(columns.take(1))
        expect(len(slot_end) == ticks and slot_end[-1] * period == span and start == first_slot * period
               and slot_end[-1] - ticks == skipped, "the grid does not fit the preamble")
        nodes = [0]
        while columns.take(6).left():
            nodes.append(nodes[-1] + columns.take(6).sv())
        del nodes[0]
        runs = []
        thread = used = first = 0
        while columns.take(3).left():
            thread += columns.take(3).uv()
            first += columns.take(10).sv()
            tick, slot = first, slot_end[first - 1] if first else 0
            for further in reversed(range(columns.take(3).uv())):
                code = columns.take(4).uv()
                used += code == 0
                node = nodes[used - 1] if code == 0 else nodes[code - 1]
                length = columns.take(5).uv()
                length = length + 1 if further else length or ticks - tick
                tick += length
                runs.append({
                    "thread": thread, "first_tick": first_slot + slot, "ticks": slot_end[tick - 1] - slot,
                    "samples": length, "node": node,
                    "state": columns.take(8).uv() if columns.has(8) else 0,
                    "cpu_ns": columns.take(7).uv() * self.head["cpu_unit"] if columns.has(7) else 0})
                slot = slot_end[tick - 1]
            expect(tick <= ticks, "a thread's runs go beyond the block")
        columns.finish()
        expect(len(runs) == run_count and used == len(nodes), "runs or nodes are left over")
        expect(samples == sum(run["samples"] for run in runs if run["node"] or run["state"]), "a wrong sum of samples")
        self.blocks.append(("run", runs))

    @staticmethod
    def read_grid(numbers):
        slot_end = []
        slot = 0
        while True:
            for _ in range(numbers.uv()):
                slot += 1
                slot_end.append(slot)
            if not numbers.left():
                return slot_end
            slot += numbers.uv()

    # ---- EVNT ----

    def read_events(self, chunk):
        start, span, count, _ = chunk.values(4)
        unit = self.head["event_unit"]
        columns = chunk.columns()
        time = start // unit
        previous = {}
        events = []
        for _ in range(count):
            time += columns.take(1).sv()
            kind = columns.take(2).uv()
            events.append({"time_ns": time * unit, "kind": kind, "thread": columns.take(3).uv() - 1,
                           "node": columns.take(4).uv(), "fields": {}})
            expect(start <= time * unit <= start + span, "an event beyond its block")
        for event in events:
            for number, field in enumerate(self.kinds[event["kind"]]["fields"]):
                column = 16 + 64 * event["kind"] + number
                event["fields"][text(self.strings[field["name"]])] = self.read_value(
                    columns.take(column), field["type"], previous, column)
        columns.finish()
        self.blocks.append(("event", sorted(events, key=lambda event: event["time_ns"])))

    def read_value(self, numbers, kind, previous, column):
        if kind in (0, 7):
            return numbers.uv()
        if kind == 1:
            return numbers.sv()
        if kind == 2:
            value = previous.get(column, 0) + numbers.sv()
            previous[column] = value
            return (value + (1 << 63)) % (1 << 64) - (1 << 63)
        if kind == 3:
            return struct.unpack("<f", numbers.bytes(4))[0]
        if kind == 4:
            return struct.unpack("<d", numbers.bytes(8))[0]
        if kind == 5:
            value = numbers.uv()
            return text(self.strings[value - 1]) if value else None
        if kind == 6:
            return text(numbers.bytes(numbers.uv()))
        expect(kind == 8, "an unknown type of field")
        return [text(self.strings[numbers.uv()]) for _ in range(numbers.uv())]

    # ---- sRCe ----

    def read_sources(self, chunk):
        count, unreadable, left_out = chunk.values(3)
        columns = chunk.columns()
        self.sources = [{"record": "sources", "count": count, "unreadable": unreadable, "left_out": left_out}]
        string = 0
        for _ in range(count):
            string += columns.take(1).uv()
            self.sources.append({"record": "source", "file": text(self.strings[string]), "size": columns.take(2).uv(),
                                 "mtime_ns": str(columns.take(3).sv()), "sha256": columns.take(4).bytes(32).hex()})
        columns.finish()

    # ---- the whole ----

    def read_chunk(self, chunk):
        readers = {b"HEAD": self.read_head, b"DEFS": self.read_definitions, b"SAMP": self.read_samples,
                   b"EVNT": self.read_events, b"sRCe": self.read_sources}
        expect(chunk.flags & 14 == 0, "unknown flags")
        if chunk.type in readers:
            readers[chunk.type](chunk)
        elif chunk.type == b"gAPS":
            self.gaps.append(dict(zip(("start_ns", "span_ns", "cause", "error", "ticks", "samples", "events"),
                                      chunk.values(7))))
        elif chunk.type == b"dONE":
            self.ended = True
        else:
            expect(chunk.type[0] & 32, "an unknown critical chunk")

    def records(self):
        """The records of a dump, table by table."""
        for i, string in enumerate(self.strings):
            yield {"record": "string", "id": i, "text": text(string)}
        for i, code in enumerate(self.codes):
            names = {key: text(self.strings[code[key]]) for key in ("file", "name", "module")}
            yield {"record": "code", "id": i, **code, **names}
        for i, frame in enumerate(self.frames):
            yield {"record": "frame", "id": i, **frame}
        for i, node in enumerate(self.nodes[1:], 1):
            yield {"record": "node", "id": i, **node}
        for i, thread in enumerate(self.threads):
            ids = {key: str(thread[key]) for key in ("ident", "native_id", "interpreter")}
            yield {"record": "thread", "id": i, **thread, **ids, "name": text(thread["name"])}
        for i, kind in enumerate(self.kinds):
            fields = [{"name": text(self.strings[field["name"]]), "type": field["type"],
                       "unit": text(self.strings[field["unit"]])} for field in kind["fields"]]
            yield {"record": "kind", "id": i, "name": text(self.strings[kind["name"]]), "flags": kind["flags"],
                   "fields": fields}
        for gap in self.gaps:
            yield {"record": "gap", **gap}
        yield from self.sources
        for i, (record, items) in enumerate(self.blocks):
            for item in items:
                yield {"record": record, "chunk": i, **self.shown(record, item)}

    def shown(self, record, item):
        if record == "run":
            return item
        thread = item["thread"] if item["thread"] >= 0 else None
        return {**item, "kind": text(self.strings[self.kinds[item["kind"]]["name"]]), "thread": thread}


def read_header(data, at):
    """Size, flags and uuid of a file header of a version that this decoder knows."""
    expect(data[at:at + 8] == SIGNATURE, "not an .mlog file")
    size, major, _, least, must = struct.unpack_from("<HHHHI", data, at + 8)
    flags, uuid = struct.unpack_from("<I16s", data, at + 28)
    draft, crc = struct.unpack_from("<II", data, at + 56)
    expect(crc32c(data[at:at + 60]) == crc, "a damaged file header")
    expect((major, least, must, draft) == (1, 0, 1 << 31, DRAFT), "another version of the format")
    return size, flags, uuid


def read_chunks(data, at, may_be_torn):
    """The chunks up to the next recording or the end; returns them and where that is."""
    chunks = []
    while at < len(data) and data[at:at + 8] != SIGNATURE:
        try:
            chunk = Chunk(data[at:])
        except Damaged:
            expect(may_be_torn, "a damaged chunk")
            return chunks, len(data)
        chunks.append(chunk)
        at += chunk.length
    return chunks, at


def read_journal(journal, uuid):
    """The chunks of a journal, up to the first that is not right."""
    size, flags, own = read_header(journal, 0)
    chunks = []
    if not flags & 1 or own != uuid:
        return chunks
    chain = crc32c(journal[:size])
    at = size
    while at < len(journal):
        try:
            chunk = Chunk(journal[at:], chain)
        except Damaged:
            break
        chunks.append(chunk)
        chain = chunk.checksum
        at += chunk.length
    return chunks


def join(chunks, journal):
    """The chunks of a recording that was not ended and those of its journal, as section 10 says."""
    begin = len(chunks)
    while begin > 0 and chunks[begin - 1].flags & 16:
        begin -= 1
    if not journal:
        return chunks
    if begin < len(chunks) and chunks[begin].sequence == journal[0].sequence:
        return chunks[:begin] + journal
    return chunks + journal if journal[0].sequence > chunks[-1].sequence else chunks


def read_file(data, journal=b""):
    """The recordings of a file without damage, but that it may end anywhere if it has a journal."""
    recordings = []
    at = 0
    while at < len(data):
        begin = at
        size, _, uuid = read_header(data, at)
        chunks, at = read_chunks(data, at + size, bool(journal))
        if at == len(data) and journal and chunks[-1].type != b"dONE":
            chunks = join(chunks, read_journal(journal, uuid))
        recording = Recording(len(recordings))
        expect([chunk.sequence for chunk in chunks] == list(range(len(chunks))), "chunks are missing")
        for chunk in chunks:
            recording.read_chunk(chunk)
        if recording.ended:
            index, length, trailer_crc, mark = struct.unpack("<QQI4s", data[at - 24:at])
            expect(mark == b"MLGE" and length == at - begin and index == 0
                   and trailer_crc == crc32c(data[at - 24:at - 8]), "a wrong trailer")
        recordings.append(recording)
    return recordings


def bytes_in_page(page):
    """The bytes of the file that a page carries."""
    *_, before, text, after, end = page.split(b"\n")
    expect(page.startswith(b"<!DOCTYPE html>") and (before, after, end) == (b"<!-- mlog base64", b"-->", b""), "not a page that carries one")
    return base64.b64decode(text, validate=True)


def read_path(path):
    """The recordings of a file, with the journal beside it if there is one."""
    try:
        with open(f"{path}-journal", "rb") as file:
            journal = file.read()
    except FileNotFoundError:
        journal = b""
    with open(path, "rb") as file:
        return read_file(file.read(), journal)


def main():
    for recording in read_path(sys.argv[1]):
        for record in recording.records():
            print(json.dumps({"recording": recording.number, **record}, sort_keys=True))


if __name__ == "__main__":
    main()

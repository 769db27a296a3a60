"use strict";
// The run's columns out of the page: embed.c writes them, in this order.
(function (ml) {
  // The characters that utf8.h calls controls: they act instead of being seen.
  const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

  ml.clean = function (text) {
    return text.replace(CONTROLS, (found) => {
      const code = found.charCodeAt(0);
      return code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u" + code.toString(16).padStart(4, "0");
    });
  };

  // ---- one block

  function decode(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  async function inflate(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  const CRC = new Int32Array(256).map((_, value) => {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });

  function crc32(bytes) {
    let sum = -1;
    for (let i = 0; i < bytes.length; i++) sum = (sum >>> 8) ^ CRC[(sum ^ bytes[i]) & 255];
    return ((sum ^ -1) >>> 0).toString(16).padStart(8, "0");
  }

  class Reader {
    constructor(bytes) {
      this.bytes = bytes;
      this.at = 0;
    }

    number() {
      const bytes = this.bytes;
      let byte = bytes[this.at++], value = byte & 127, scale = 128;
      while (byte > 127) {
        byte = bytes[this.at++];
        value += (byte & 127) * scale;
        scale *= 128;
      }
      if (byte === undefined) throw new Error("it ends too early");
      return value;
    }

    signed() {
      const value = this.number();
      return value % 2 ? -(value + 1) / 2 : value / 2;
    }

    many(count, Kind) {
      if (count > this.bytes.length) throw new Error("it ends too early");
      const values = new Kind(count);
      for (let i = 0; i < count; i++) values[i] = this.number();
      return values;
    }

    texts() {
      const lengths = this.many(this.number(), Uint32Array), decoder = new TextDecoder();
      return Array.from(lengths, (length) => {
        const text = decoder.decode(this.bytes.subarray(this.at, this.at + length));
        this.at += length;
        return ml.clean(text);
      });
    }
  }

  const blocks = new Map();

  async function open(name) {
    const element = document.getElementById("data-" + name);
    if (!element) throw new Error("The page holds no block of data called “" + name + "”.");
    if (typeof DecompressionStream === "undefined")
      throw new Error("This browser is too old for the interactive parts (it has no DecompressionStream).");
    try {
      const [base64, sum] = element.textContent.split(":");
      const bytes = await inflate(decode(base64));
      if (crc32(bytes) !== sum) throw new Error("its checksum is wrong");
      return new Reader(bytes);
    } catch (problem) {
      throw new Error("The block of data “" + name + "” of this page is damaged (" + problem.message +
        "). Write the report again from its recording.");
    }
  }

  // The tables of a block, made once by `read` from its reader.
  function table(name, read) {
    if (!blocks.has(name))
      blocks.set(name, open(name).then(async (reader) => {
        await ml.pause();
        return read(reader);
      }));
    return blocks.get(name);
  }

  // Lets the browser paint between two long pieces of work.
  ml.pause = () => new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(0);
  });

  // ---- core

  const ORIGINS = ["synthetic", "stdlib", "third", "project"];

  function originOf(flags) {
    return flags & 8 ? 0 : flags & 1 ? 1 : flags & 4 ? 2 : flags & 2 ? 3 : 0;
  }

  function readFunctions(reader) {
    const modules = reader.number();
    const moduleName = reader.many(modules, Uint32Array), file = reader.many(modules, Uint32Array);
    const flags = reader.many(modules, Uint32Array), count = reader.number();
    const name = reader.many(count, Uint32Array), module = reader.many(count, Uint32Array);
    const line = reader.many(count, Float64Array), origin = new Uint8Array(count);
    for (let i = 0; i < count; i++) origin[i] = module[i] ? originOf(flags[module[i] - 1]) : 0;
    return { count, line, origin, name, module, moduleName, file, flags };
  }

  function readStacks(reader, functions) {
    const count = reader.number() + 1, parent = new Uint32Array(count), line = new Float64Array(count);
    const called = new Int32Array(count).fill(-1);
    for (let i = 1; i < count; i++) {
      const back = reader.number();
      parent[i] = back && back < i ? i - back : 0;
    }
    for (let i = 1; i < count; i++) called[i] = Math.min(reader.number() - 1, functions.count - 1);
    for (let i = 1; i < count; i++) line[i] = reader.signed() + (called[i] >= 0 ? functions.line[called[i]] : 0);
    return { count, parent, line, function: called };
  }

  function readThreads(reader) {
    const count = reader.number(), beginStep = reader.number(), wholeStep = reader.number();
    const name = reader.many(count, Uint32Array), column = () => Array.from({ length: count }, () => reader.signed());
    const changes = () => {
      let at = 0;
      return column().map((change) => (at += change));
    };
    const pid = changes(), main = column(), whole = column(), begin = changes(), runs = column();
    let end = 0;
    return runs.map((have, i) => {
      const first = end;
      end += have;
      return { name: name[i], pid: pid[i], main: main[i], cpu: whole[i] * wholeStep, start: begin[i] * beginStep, first, end };
    });
  }

  function readRuns(reader, threads, stacks, step, cpuStep) {
    const count = threads.length ? threads[threads.length - 1].end : 0;
    if (count > reader.bytes.length) throw new Error("The block of data “core” is damaged.");
    const start = new Float64Array(count), end = new Float64Array(count), stack = new Uint32Array(count);
    for (let i = 0; i < count; i++) start[i] = reader.signed();
    for (let i = 0; i < count; i++) end[i] = reader.number();
    for (const thread of threads)
      for (let i = thread.first, before = 0; i < thread.end; i++) {
        before += reader.signed();
        stack[i] = before < stacks.count ? before : 0;
      }
    const state = reader.many(count, Uint8Array), taken = new Uint32Array(count), cpu = new Float64Array(count);
    for (let i = 0; i < count; i++) taken[i] = reader.signed() + end[i];
    for (let i = 0; i < count; i++) cpu[i] = reader.number() * cpuStep;
    for (const thread of threads)
      for (let i = thread.first, at = 0; i < thread.end; i++) {
        start[i] = thread.start + (at += start[i]) * step;
        end[i] = thread.start + (at += end[i]) * step;
      }
    return { count, start, end, stack, state, taken, cpu };
  }

  // Stacks of equal functions, whatever their lines, are one path. Path 0 is "no stack".
  function findPaths(stacks, functions) {
    const of = new Uint32Array(stacks.count), parent = new Uint32Array(stacks.count);
    const called = new Int32Array(stacks.count).fill(-1), depth = new Uint16Array(stacks.count);
    const stack = new Uint32Array(stacks.count), outermost = new Uint8Array(stacks.count);
    let size = 16, count = 1;
    while (size < stacks.count * 2) size *= 2;
    const slots = new Uint32Array(size), mask = size - 1;
    for (let i = 1; i < stacks.count; i++) {
      const above = of[stacks.parent[i]], wanted = stacks.function[i];
      let slot = (Math.imul(above, 0x9e3779b1) ^ Math.imul(wanted, 0x85ebca6b)) >>> 0;
      slot = (slot ^ (slot >>> 15)) & mask;
      while (slots[slot] && (parent[slots[slot]] !== above || called[slots[slot]] !== wanted)) slot = (slot + 1) & mask;
      if (!slots[slot]) {
        slots[slot] = count;
        parent[count] = above;
        called[count] = wanted;
        depth[count] = Math.min(depth[above] + 1, 65535);
        stack[count++] = i;
      }
      of[i] = slots[slot];
    }
    for (let i = 1; i < count; i++) {
      let at = parent[i];
      while (at && called[at] !== called[i]) at = parent[at];
      outermost[i] = at ? 0 : 1;
    }
    return { count, of, parent, function: called, depth, stack, outermost, functions: functions.count };
  }

  // Running sums over the runs: what any range of time holds is a difference of two.
  function sumRuns(runs) {
    const sums = { present: 0, running: 0, gil: 0, cpu: 0, taken: 0 };
    for (const name of Object.keys(sums)) sums[name] = new Float64Array(runs.count + 1);
    for (let i = 0; i < runs.count; i++) {
      const wall = runs.end[i] - runs.start[i], state = runs.state[i] & 15;
      sums.present[i + 1] = sums.present[i] + wall;
      sums.running[i + 1] = sums.running[i] + (state === 1 ? wall : 0);
      sums.gil[i + 1] = sums.gil[i] + (state === 2 ? wall : 0);
      sums.cpu[i + 1] = sums.cpu[i] + runs.cpu[i];
      sums.taken[i + 1] = sums.taken[i] + runs.taken[i];
    }
    return sums;
  }

  function readCore(reader) {
    const core = { duration: reader.number(), period: reader.number() };
    const step = reader.number(), cpuStep = reader.number();
    core.calls = reader.number();
    const functions = core.functions = readFunctions(reader);
    core.stacks = readStacks(reader, functions);
    core.threads = readThreads(reader);
    core.runs = readRuns(reader, core.threads, core.stacks, step, cpuStep);
    const texts = reader.texts();
    const module = (i) => functions.module[i] - 1;
    core.name = (i) => (i < 0 ? "?" : texts[functions.name[i]]);
    core.module = (i) => (module(i) >= 0 ? texts[functions.moduleName[module(i)]] : "");
    core.file = (i) => (i >= 0 && module(i) >= 0 ? texts[functions.file[module(i)]] : "");
    core.origin = (i) => ORIGINS[i < 0 ? 0 : functions.origin[i]];
    core.place = (i, line) => core.file(i).split("/").pop() + (line ? ":" + line : "");
    core.threads.forEach((thread, i) => { thread.name = texts[thread.name] || "thread " + (i + 1); });
    core.paths = findPaths(core.stacks, functions);
    core.runs.path = core.runs.stack.map((stack) => core.paths.of[stack]);
    core.sums = sumRuns(core.runs);
    return core;
  }

  // ---- the other blocks

  function readPoints(reader, points, before) {
    const time = reader.number() ? before.time : new Float64Array(points), value = new Float64Array(points);
    for (let i = 0, at = 0; i < points && time !== (before && before.time); i++) time[i] = (at += reader.signed()) * 1000;
    for (let i = 0, at = 0; i < points; i++) value[i] = at += reader.signed();
    return { time, value };
  }

  function readCounters(reader) {
    const counters = [], count = reader.number();
    for (let i = 0; i < count; i++) {
      const counter = { name: reader.number(), unit: reader.number(), kind: reader.number(), pid: reader.number() };
      counters.push(Object.assign(counter, readPoints(reader, reader.number(), counters[i - 1])));
    }
    const texts = reader.texts();
    for (const counter of counters) {
      counter.name = texts[counter.name];
      counter.unit = texts[counter.unit];
    }
    return counters;
  }

  function readLog(reader) {
    const rows = [];
    let time = 0;
    while (reader.number()) {
      time += reader.signed();
      rows.push({ row: rows.length, time: time * 1000, kind: reader.number(), level: reader.number(),
        thread: reader.number() - 1, stack: reader.number(), source: reader.number(), text: reader.number(),
        file: reader.number(), line: reader.number() });
    }
    const log = { rows, total: reader.number() }, texts = reader.texts();
    for (const row of rows) {
      row.source = texts[row.source];
      row.text = texts[row.text];
      row.file = texts[row.file];
      row.word = row.kind === 4 ? "exception" : row.kind === 2 ? "print" : ml.levelWord(row.level) || "mark";
      row.rank = row.kind === 4 || row.level >= 40 ? 3 : row.level >= 30 ? 2 : 1;
    }
    return log;
  }

  ml.levelWord = (level) => level >= 50 ? "critical" : level >= 40 ? "error" : level >= 30 ? "warning" :
    level >= 20 ? "info" : level > 0 ? "debug" : "";

  function readResources(reader) {
    const rows = [], count = reader.number();
    let time = 0;
    for (let i = 0; i < count; i++) {
      time += reader.signed();
      const length = reader.number();
      rows.push({ open: time * 1000, close: length ? (time + length - 1) * 1000 : Infinity,
        thread: reader.number() - 1, stack: reader.number(), inherited: reader.number(), label: reader.number() });
    }
    const texts = reader.texts();
    for (const row of rows) row.label = texts[row.label];
    return rows;
  }

  // Kinds of events that took a time, each with its rows in order of their ends.
  function readEvents(reader) {
    const kinds = [];
    while (reader.number()) {
      const kind = { name: reader.number(), rows: [] };
      for (let time = 0; reader.number();) {
        time += reader.signed();
        const start = Math.max(0, time - Math.max(0, reader.signed())) * 1000;
        kind.rows.push({ start, end: time * 1000, text: reader.number(), number: reader.signed() });
      }
      kinds.push(kind);
    }
    const texts = reader.texts();
    for (const kind of kinds) {
      kind.name = texts[kind.name];
      for (const row of kind.rows) row.text = texts[row.text];
    }
    return kinds;
  }

  // By module, as functions number them, the text of the lines that are there.
  function readSource(reader) {
    const rows = [], count = reader.number(), modules = new Map();
    for (let i = 0, module = 0, line = 0; i < count; i++) {
      module += reader.number();
      line += reader.signed();
      rows.push([module, line, reader.number()]);
    }
    const texts = reader.texts();
    for (const [module, line, text] of rows) {
      if (!modules.has(module)) modules.set(module, new Map());
      modules.get(module).set(line, texts[text]);
    }
    return modules;
  }

  ml.data = {
    core: () => table("core", readCore),
    counters: () => table("counters", readCounters),
    log: () => table("log", readLog),
    resources: () => table("resources", readResources),
    events: () => table("events", readEvents),
    source: () => table("source", readSource),
  };
})(window.microlog = {});

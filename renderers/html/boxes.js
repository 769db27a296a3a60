"use strict";
// Stretches of threads as boxes: made from the runs as the model makes its calls, drawn and found by time.
(function (ml) {
  function commonDepth(paths, one, other) {
    while (one !== other) {
      const a = paths.depth[one], b = paths.depth[other];
      if (a >= b) one = paths.parent[one];
      if (b >= a) other = paths.parent[other];
    }
    return paths.depth[one];
  }

  // A stack that was not read neither ends a stretch nor begins one, as in the model.
  function isUnread(core, path) {
    if (core.paths.depth[path] !== 1) return false;
    if (core.unread === undefined) {
      core.unread = -1;
      for (let i = 0; i < core.functions.count; i++) if (core.name(i) === "<stack not read>") core.unread = i;
    }
    return core.paths.function[path] === core.unread;
  }

  // Walks the runs of a thread; `open(path, depth, run)` and `close(depth, run)` see stretches begin and end.
  function walk(core, thread, open, close) {
    const { paths, runs } = core;
    let before = 0, depth = 0;
    for (let run = thread.first; run < thread.end; run++) {
      const path = runs.path[run];
      const follows = run > thread.first && runs.start[run] === runs.end[run - 1];
      if (follows && depth && isUnread(core, path)) continue;
      const common = follows ? commonDepth(paths, before, path) : 0;
      for (; depth > common; depth--) close(depth, run);
      depth = paths.depth[path];
      for (let at = path, level = depth; level > common; level--, at = paths.parent[at]) open(at, level, run);
      before = path;
    }
    for (; depth > 0; depth--) close(depth, thread.end);
  }

  // The boxes of one thread, depth by depth, each depth in order of time: rows [offset[d], offset[d + 1]). `look` is twice the
  // function, and one more if less than a tenth was running.
  function build(core, thread) {
    const counts = [];
    walk(core, thread, (path, depth) => { counts[depth] = (counts[depth] || 0) + 1; }, () => {});
    const depths = Math.max(0, counts.length - 1), offset = new Uint32Array(depths + 2);
    for (let depth = 1; depth <= depths; depth++) offset[depth + 1] = offset[depth] + counts[depth];
    const total = offset[depths + 1], next = offset.slice();
    const boxes = { thread, depths, offset, total, levels: [], look: new Int32Array(total), first: new Uint32Array(total), end: new Uint32Array(total),
      path: new Uint32Array(total), start: new Float64Array(total), stop: new Float64Array(total) };
    const { runs } = core, { running } = core.sums;
    walk(core, thread, (path, depth, run) => {
      const row = next[depth];
      boxes.path[row] = path;
      boxes.look[row] = 2 * core.paths.function[path];
      boxes.first[row] = run;
      boxes.start[row] = runs.start[run];
    }, (depth, run) => {
      const row = next[depth]++;
      boxes.end[row] = run;
      boxes.stop[row] = runs.end[run - 1];
      boxes.look[row] += running[run] - running[boxes.first[row]] > (boxes.stop[row] - boxes.start[row]) / 10 ? 0 : 1;
    });
    return boxes;
  }

  ml.boxesOf = function (core, index) {
    const thread = core.threads[index];
    if (!thread.boxes) thread.boxes = build(core, thread);
    return thread.boxes;
  };

  // ---- finding

  // The first of [low, high) that ends after `time`.
  function firstEndingAfter(stop, low, high, time) {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (stop[middle] > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  // The boxes of a depth for who draws `fine` ns or more apart: in each stretch of so long, aligned, the longest of the boxes that
  // begin there and are shorter stands for all of them. Made once for each power of two; all boxes where few would go.
  function levelOf(boxes, depth, fine) {
    const from = boxes.offset[depth], end = boxes.offset[depth + 1], level = Math.floor(Math.log2(fine)), known = boxes.levels[depth] || (boxes.levels[depth] = new Map());
    if (known.has(level)) return known.get(level);
    const { start, stop } = boxes, length = 2 ** level, rows = new Uint32Array(end - from);
    let count = 0, until = -1, longest = 0;
    for (let row = from; row < end; row++) {
      const wall = stop[row] - start[row];
      if (wall >= length) until = -1;
      else if (start[row] < until) {
        if (wall > longest) {
          longest = wall;
          rows[count - 1] = row;
        }
        continue;
      } else {
        until = (Math.floor(start[row] / length) + 1) * length;
        longest = wall;
      }
      rows[count++] = row;
    }
    const isAll = count > (end - from) / 2, kept = isAll ? null : rows.slice(0, count), of = (all) => (kept ? all.constructor.from(kept, (row) => all[row]) : all.subarray(from, end));
    const found = { rows: kept, from, count: isAll ? end - from : count, start: of(start), stop: of(stop), look: of(boxes.look) };
    known.set(level, found);
    return found;
  }

  // The box of a depth at a time, or the longest within `slack` around it. -1: none. `count` are those there.
  ml.boxAt = function (boxes, depth, time, slack) {
    if (depth < 1 || depth > boxes.depths) return { row: -1, count: 0 };
    const end = boxes.offset[depth + 1];
    let row = firstEndingAfter(boxes.stop, boxes.offset[depth], end, time - slack), best = -1, count = 0;
    for (; row < end && boxes.start[row] <= time + slack && count < 100000; row++, count++)
      if (boxes.start[row] <= time && boxes.stop[row] > time && boxes.stop[row] - boxes.start[row] > slack * 2)
        return { row, count: 1 };
      else if (best < 0 || boxes.stop[row] - boxes.start[row] > boxes.stop[best] - boxes.start[best]) best = row;
    return { row: best, count };
  };

  ml.depthOfBox = function (boxes, row) {
    let depth = 1;
    while (boxes.offset[depth + 1] <= row) depth++;
    return depth;
  };

  // ---- drawing

  // Paints one depth into `pixels`, one number a column from `at` on. Where several boxes share a column the
  // longest is seen. `color(look)` gives the number; boxes wide enough for a label are put into `labels`.
  ml.paintDepth = function (boxes, depth, view, width, pixels, at, color, labels, labelled) {
    const scale = width / (view.to - view.from), pixel = 1 / scale, { rows, from, count, start, stop, look } = levelOf(boxes, depth, pixel / 2);
    for (let i = firstEndingAfter(stop, 0, count, view.from); i < count;) {
      const left = (start[i] - view.from) * scale, wide = (stop[i] - start[i]) * scale, first = left > 0 ? Math.floor(left) : 0;
      if (left >= width) break;
      let best = i++;
      if (wide >= 1) {
        const right = left + wide, last = Math.min(width, Math.max(first + 1, Math.floor(right))), fill = color(look[best]);
        pixels.fill(fill, at + first, at + last);
        if (last - first > 3 && right <= width) pixels[at + last - 1] = ml.darker(fill);
        if (last - first >= labelled) labels.push({ row: rows ? rows[best] : from + best, depth, left: first, right: last });
        continue;
      }
      const until = view.from + (first + 1) * pixel;
      let longest = stop[best] - start[best];
      for (; i < count && start[i] < until; i++) {
        const length = stop[i] - start[i];
        if (length >= pixel) break;
        if (length > longest) {
          best = i;
          longest = length;
        }
      }
      pixels[at + first] = color(look[best]);
    }
  };

  // ---- aggregation

  // Adds the weights of the runs of a thread within `range` to `self`, by what `of` tells of a run.
  function addRuns(core, thread, range, measure, of, self) {
    const { start, end, state, cpu, taken } = core.runs;
    const isRunning = measure === "running", column = measure === "cpu" ? cpu : measure === "samples" ? taken : null, { from, to } = range;
    for (let run = ml.runAt(core, thread, from); run < thread.end && start[run] < to; run++) {
      if (isRunning && (state[run] & 15) > 1) continue;
      const wall = end[run] - start[run], whole = column ? column[run] : wall;
      if (start[run] >= from && end[run] <= to) self[of[run]] += whole;
      else self[of[run]] += whole * Math.max(0, Math.min(end[run], to) - Math.max(start[run], from)) / wall;
    }
  }

  function weigh(core, range, measure, of, { parent, count }, old) {
    const self = old ? old.self.fill(0) : new Float64Array(count), total = old ? old.total : new Float64Array(count);
    for (const thread of core.threads) addRuns(core, thread, range, measure, of, self);
    total.set(self);
    for (let row = count - 1; row > 0; row--) if (total[row]) total[parent[row]] += total[row];
    return { self, total };
  }

  // Weight of the runs by path within [from, to) of all threads: self, and total with what is below. A former
  // aggregate may be given for its memory.
  ml.aggregate = (core, range, measure, old) => weigh(core, range, measure, core.runs.path, core.paths, old);

  // Self and total of each line of a function, or of what else `of` makes of functions; a line that calls itself again counts once.
  ml.lineFigures = function (core, range, wanted, of = (index) => index) {
    const { stacks } = core, { self, total } = weigh(core, range, "wall", core.runs.stack, stacks), lines = new Map();
    for (let row = 1; row < stacks.count; row++) {
      if (of(stacks.function[row]) !== wanted || !total[row]) continue;
      const line = stacks.line[row], one = lines.get(line) || { self: 0, total: 0 };
      let above = stacks.parent[row];
      while (above && (of(stacks.function[above]) !== wanted || stacks.line[above] !== line)) above = stacks.parent[above];
      one.self += self[row];
      one.total += above ? 0 : total[row];
      lines.set(line, one);
    }
    return lines;
  };

  // The first run of a thread that ends after `time`.
  ml.runAt = function (core, thread, time) {
    let low = thread.first, high = thread.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (core.runs.end[middle] > time) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  // One of the sums of a thread up to `time`; a part of a run counts by its length.
  ml.sumUpTo = function (core, thread, sum, time) {
    const run = ml.runAt(core, thread, time), { start, end } = core.runs;
    if (run >= thread.end || time <= start[run]) return sum[run];
    return sum[run] + (sum[run + 1] - sum[run]) * (time - start[run]) / (end[run] - start[run]);
  };

  // Self and total of a function, and who calls it and whom it calls, from an aggregate.
  ml.functionFigures = function (core, weights, wanted) {
    const { paths } = core, callers = new Map(), callees = new Map(), figures = { self: 0, total: 0 };
    const add = (map, key, weight) => map.set(key, (map.get(key) || 0) + weight);
    for (let path = 1; path < paths.count; path++) {
      if (weights.total[path] <= 0) continue;
      const above = paths.parent[path];
      if (paths.function[path] === wanted) {
        figures.self += weights.self[path];
        if (paths.outermost[path]) {
          figures.total += weights.total[path];
          add(callers, above ? paths.function[above] : -1, weights.total[path]);
        }
      } else if (above && paths.function[above] === wanted) add(callees, paths.function[path], weights.total[path]);
    }
    const top = (map) => [...map].sort((a, b) => b[1] - a[1]).slice(0, 5);
    return Object.assign(figures, { callers: top(callers), callees: top(callees) });
  };
})(window.microlog);

"use strict";
// The tracks that are not flame charts: findings, CPU, counters, log marks, and the activity of a thread.
(function (ml) {
  const COUNTERS = { rss: "Memory", descriptors: "Descriptors", threads: "Threads", cpu_user: "CPU, user", cpu_system: "CPU, system",
    system_cpu: "CPU of the machine" };
  let core;

  // ---- activity of threads and of all

  // The run of a thread at each edge between two pixels, and the part of it that is over then; of the last thread and view.
  let edges = {};
  function edgesOf(thread, width, { from, to }) {
    if (edges.thread === thread && edges.width === width && edges.from === from && edges.to === to) return edges;
    edges = { thread, width, from, to, run: new Uint32Array(width + 1), part: new Float64Array(width + 1) };
    for (let x = 0; x <= width; x++) {
      const time = from + (to - from) / width * x, run = edges.run[x] = ml.runAt(core, thread, time), start = core.runs.start[run];
      if (run < thread.end && time > start) edges.part[x] = (time - start) / (core.runs.end[run] - start);
    }
    return edges;
  }

  // Per pixel: the share of time in `sum`, for one thread.
  ml.shares = function (thread, sum, width, view) {
    const found = new Float64Array(width), step = (view.to - view.from) / width, { run, part } = edgesOf(thread, width, view);
    for (let x = 0, before = 0; x <= width; x++) {
      const at = run[x], now = sum[at] + (part[x] ? (sum[at + 1] - sum[at]) * part[x] : 0);
      if (x) found[x - 1] = (now - before) / step;
      before = now;
    }
    return found;
  };

  ml.drawActivity = function (thread) {
    return (context, width, height, view) => {
      const wide = Math.floor(width), present = ml.shares(thread, core.sums.present, wide, view);
      const running = ml.shares(thread, core.sums.running, wide, view), gil = ml.shares(thread, core.sums.gil, wide, view);
      for (let x = 0; x < wide; x++) {
        if (present[x] < 0.001) continue;
        context.fillStyle = ml.palette().wait;
        context.fillRect(x, height - 3, 1, 3);
        context.fillStyle = ml.palette().busy;
        context.fillRect(x, height - running[x] * height, 1, running[x] * height);
        if (gil[x] < 0.001) continue;
        context.fillStyle = ml.palette().warning;
        context.fillRect(x, height - (running[x] + gil[x]) * height, 1, gil[x] * height);
      }
    };
  };

  function cpuShares(width, view) {
    const sum = new Float64Array(width);
    for (const thread of core.threads) {
      const part = ml.shares(thread, core.sums.cpu, width, view);
      for (let x = 0; x < width; x++) sum[x] += part[x];
    }
    return sum;
  }

  // How many columns a sum over samples may have: two samples in each at least.
  ml.columnsFor = (width, view) => Math.max(1, Math.min(Math.floor(width), 400, Math.floor((view.to - view.from) / (core.period || 1) / 2)));

  function drawArea(context, values, top, width, height, color) {
    const wide = width / values.length;
    context.fillStyle = context.strokeStyle = color;
    context.lineWidth = 1;
    context.beginPath();
    values.forEach((value, i) => {
      const y = height - value / top * (height - 2);
      context.lineTo(i * wide, y);
      context.lineTo((i + 1) * wide, y);
    });
    context.stroke();
    context.lineTo(width, height);
    context.lineTo(0, height);
    context.globalAlpha = 0.35;
    context.fill();
    context.globalAlpha = 1;
  }

  function addCpu() {
    if (!core.sums.cpu[core.runs.count]) return;
    const track = ml.addTrack("CPU", "CPU used by the threads that ran Python, in cores", 44, (context, width, height, view) => {
      const values = cpuShares(ml.columnsFor(width, view), view), top = values.reduce((a, b) => Math.max(a, b), 0);
      drawArea(context, values, Math.max(1, top), width, height, ml.palette().busy);
      track.rest = "top " + ml.ratio(top);
      track.value.textContent = track.rest;
    }, {
      at: (time, width, view) => {
        const half = (view.to - view.from) / ml.columnsFor(width, view) / 2;
        return ml.ratio(cpuShares(1, { from: time - half, to: time + half })[0]) + " of a core";
      },
    });
  }

  // ---- counters

  function seriesOf(counter) {
    const isTotal = counter.kind === 2, value = new Float64Array(counter.value.length);
    for (let i = 0; i < value.length; i++) {
      const elapsed = i ? counter.time[i] - counter.time[i - 1] : 0;
      value[i] = !isTotal ? counter.value[i] : elapsed > 0 ? (counter.value[i] - counter.value[i - 1]) / elapsed * 1e9 : 0;
    }
    return { time: counter.time, value, isTotal };
  }

  function unitOf(counter) {
    if (counter.unit === "us" && counter.kind === 2) return (value) => ml.ratio(value / 1e6);
    const rate = counter.kind === 2 ? "/s" : "";
    if (counter.unit === "bytes") return (value) => ml.bytes(value) + rate;
    return (value) => (Math.abs(value) < 10 && value % 1 ? value.toFixed(2) : ml.count(value)) + (counter.unit ? " " + counter.unit : "") + rate;
  }

  // The point that holds at `time`: of a gauge the last before, of a rate the one after. -1: none.
  function pointAt(series, time) {
    let low = 0, high = series.time.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (series.time[middle] > time) high = middle;
      else low = middle + 1;
    }
    return series.isTotal ? (low > 0 && low < series.time.length ? low : -1) : low - 1;
  }

  function columnsOf(series, width, view) {
    const values = new Float64Array(width), step = (view.to - view.from) / width;
    for (let x = 0; x < width; x++) {
      const first = pointAt(series, view.from + x * step), last = pointAt(series, view.from + (x + 1) * step);
      for (let i = Math.max(0, first); i <= last; i++) if (i < first + 64) values[x] = Math.max(values[x], series.value[i]);
    }
    return values;
  }

  function addCounter(counter, several) {
    const series = seriesOf(counter), format = unitOf(counter);
    const top = series.value.reduce((a, b) => Math.max(a, b), 0), low = series.value.reduce((a, b) => Math.min(a, b), Infinity);
    const name = (COUNTERS[counter.name] || counter.name.replace(/_/g, " ")) + (several ? " " + counter.pid : "");
    const shown = ["rss", "descriptors", "threads"].includes(counter.name) && top > 0 && (low < top || counter.name === "rss");
    const track = ml.addTrack(name, name + (counter.kind === 2 ? ", per second" : "") + ", of process " + counter.pid, 36, (context, width, height, view) => {
      if (top > 0) drawArea(context, columnsOf(series, Math.floor(width), view), top, width, height, ml.palette().ok);
    }, {
      at: (time) => {
        const point = pointAt(series, time);
        return point < 0 ? "" : format(series.value[point]);
      },
    });
    track.rest = track.value.textContent = "peak " + format(top);
    track.row.hidden = !shown;
    return track;
  }

  async function addCounters() {
    const counters = (await ml.data.counters()).filter((counter) => counter.value.length);
    const several = new Set(counters.map((counter) => counter.pid)).size > 1;
    const added = counters.map((counter) => addCounter(counter, several)), folded = added.filter((track) => track.row.hidden);
    folded.forEach((track) => ml.trackPlace().append(track.row)); // below the ones in view
    if (!folded.length) return;
    const button = ml.button("", "More counters", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      label(!open);
      folded.forEach((track) => { track.row.hidden = open; });
      ml.touch("size");
    });
    const label = (open) => {
      button.textContent = open ? "Fewer counters" : folded.length + " more counters";
      button.setAttribute("aria-expanded", String(open));
    };
    label(false);
    ml.trackPlace().insertBefore(ml.el("div.track.only", null, button), folded[0].row);
  }

  // ---- marks

  // Marks that stand closer than a few pixels become one with a count.
  function clusters(rows, width, view) {
    const found = [], scale = width / (view.to - view.from);
    for (const mark of rows) {
      if (mark.time < view.from || mark.time > view.to) continue;
      const x = (mark.time - view.from) * scale, last = found[found.length - 1];
      if (last && x - last.x < 9) {
        last.rows.push(mark);
        last.rank = Math.max(last.rank, mark.rank);
      } else found.push({ x, rank: mark.rank, rows: [mark] });
    }
    return found;
  }

  function drawMark(context, cluster, height, room) {
    const tall = 6 + cluster.rank * 3;
    context.fillStyle = ["muted", "muted", "warning", "error"].map((name) => ml.palette()[name])[cluster.rank];
    context.fillRect(Math.round(cluster.x) - 1, height - tall, 3, tall);
    if (cluster.rank === 3) context.fillRect(Math.round(cluster.x) - 3, height - tall, 7, 3);
    if (cluster.rows.length > 1 && room > 24) context.fillText(String(cluster.rows.length), cluster.x + 5, height - 6);
  }

  async function addLog() {
    const log = await ml.data.log();
    if (!log.rows.length) return;
    let shown = [];
    const near = (x) => shown.reduce((best, one) => !best || Math.abs(one.x - x) < Math.abs(best.x - x) ? one : best, null);
    const track = ml.addTrack("Log", "log messages, output and marks", 20, (context, width, height, view) => {
      shown = clusters(log.rows, width, view);
      context.textBaseline = "alphabetic";
      shown.forEach((cluster, i) => drawMark(context, cluster, height, (i + 1 < shown.length ? shown[i + 1].x : width) - cluster.x));
    }, {
      tip: (time, y, width, view) => {
        const x = (time - view.from) / (view.to - view.from) * width, found = near(x);
        if (!found || Math.abs(found.x - x) > 12) return null;
        const lines = found.rows.slice(0, 5).map((row) => ml.time(row.time, 2e9) + "  " + row.word + "  " + row.text.slice(0, 160));
        return [found.rows.length === 1 ? "1 message" : ml.count(found.rows.length) + " messages", ...lines];
      },
      click: (time, y, width, view) => {
        const x = (time - view.from) / (view.to - view.from) * width, found = near(x);
        if (found && Math.abs(found.x - x) <= 12) ml.showMessages(found.rows);
      },
    });
    track.value.textContent = ml.count(log.total) + (log.total === 1 ? " message" : " messages");
  }

  // ---- events that took a time

  const LASTING = ml.lasting = { "py.gc": ["Collections", (row) => "generation " + row.number], "py.import": ["Imports", (row) => row.text] };

  function addLasting({ name, rows }) {
    const [title, describe] = LASTING[name] || [name, (row) => row.text];
    const track = ml.addTrack(title, title + ": when, and how long each took", 16, (context, width, height, view) => {
      const scale = width / (view.to - view.from);
      let before = -1;
      context.fillStyle = ml.palette().accent;
      for (const row of rows) {
        const left = Math.max(0, (row.start - view.from) * scale), right = Math.min(width, (row.end - view.from) * scale);
        if (right < 0 || left > width || (right - left < 1 && Math.floor(right) === before)) continue;
        context.fillRect(left, 2, Math.max(1, right - left), height - 4);
        before = Math.floor(right);
      }
    }, {
      tip: (time, y, width, view) => {
        const found = near(time, width, view), text = (row) => describe(row) + ", " + ml.duration(row.end - row.start) + " from " + ml.time(row.start, view.to - view.from);
        return found.length ? [title + ": " + ml.count(found.length) + " here", ...found.slice(0, 5).map(text)] : null;
      },
      click: (time, y, width, view) => near(time, width, view).slice(0, 1).forEach((row) => ml.reveal(row.start, row.end)),
    });
    // Those within some pixels, the longest first.
    const near = (time, width, view, slack = (view.to - view.from) / width * 3) =>
      rows.filter((row) => row.start <= time + slack && row.end >= time - slack).sort((a, b) => b.end - b.start - (a.end - a.start));
    track.value.textContent = ml.count(rows.length);
  }

  async function addEvents() {
    for (const kind of await ml.data.events()) if (kind.rows.length) addLasting(kind);
  }

  function addFindings() {
    const found = [...document.querySelectorAll(".finding[data-start]")].map((element) => ({
      element, from: Number(element.dataset.start), to: Number(element.dataset.end), id: element.id,
      level: element.classList.contains("error") ? "error" : element.classList.contains("warning") ? "warning" : "accent",
      text: element.querySelector(".message").textContent })).filter((one) => one.to > 0).slice(0, 7);
    if (!found.length) return;
    const rowOf = (y) => found[Math.floor(y / 14)];
    ml.addTrack("Findings", "when the findings are", found.length * 14, (context, width, height, view) => {
      const scale = width / (view.to - view.from);
      context.textBaseline = "middle";
      found.forEach((one, i) => {
        const left = Math.max(0, (one.from - view.from) * scale), right = Math.min(width, Math.max(left + 3, (one.to - view.from) * scale));
        if (right <= 0 || left >= width) return;
        context.fillStyle = ml.palette()[one.level];
        context.globalAlpha = 0.4;
        context.fillRect(left, i * 14 + 1, right - left, 12);
        context.globalAlpha = 1;
        context.fillStyle = ml.palette().text;
        context.fillText(one.id, Math.min(left + 4, width - 20), i * 14 + 7);
      });
    }, {
      tip: (time, y) => rowOf(y) && [rowOf(y).id + " " + rowOf(y).text, ml.time(rowOf(y).from, 2e9) + " to " + ml.time(rowOf(y).to, 2e9)],
      click: (time, y) => rowOf(y) && rowOf(y).element.scrollIntoView({ block: "center" }),
    });
  }

  ml.addTracks = async function (loaded) {
    core = loaded;
    addFindings();
    addCpu();
    for (const add of [addCounters, addLog, addEvents]) await add().catch((problem) => ml.fail("overview", problem));
  };
})(window.microlog);

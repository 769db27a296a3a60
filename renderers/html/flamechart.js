"use strict";
// The flame charts of the threads: boxes in the colours of their origin, labels, and what is under the pointer.
(function (ml) {
  const ROW = 17, FLAME_MOST = 470, LABEL_LEAST = 34, EXPANDED_MOST = 2, SHOWN_MOST = 20;
  const FILLS = { project: [0xf2, 0xb3, 0x6b], stdlib: [0x9c, 0xc3, 0xe6], third: [0xa9, 0xd6, 0xb5], synthetic: [0xc9, 0xcd, 0xd3] };
  let core, colors;

  // ---- colours

  const pack = (rgb) => (255 << 24 | rgb[2] << 16 | rgb[1] << 8 | rgb[0]) >>> 0;
  const mix = (one, other, share) => one.map((part, i) => Math.round(part * (1 - share) + other[i] * share));
  ml.darker = (fill) => ((fill & 0xff000000) | ((fill >>> 1) & 0x7f7f7f) + ((fill >>> 2) & 0x3f3f3f)) >>> 0;

  function shadeOf(core, index) {
    let hash = 0;
    for (const character of core.name(index)) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
    return ((hash >>> 8) % 13 - 6) / 100;
  }

  ml.fillOf = function (core, index) {
    const shade = shadeOf(core, index);
    return mix(FILLS[core.origin(index)], shade > 0 ? [255, 255, 255] : [0, 0, 0], Math.abs(shade));
  };

  // The numbers of the colours in an image, and pale ones for what waited or does not match; grey is the last.
  ml.readFills = function (loaded) {
    const count = loaded.functions.count, grey = ml.isDark() ? [0x80, 0x87, 0x91] : [0xdd, 0xe0, 0xe4];
    core = loaded;
    colors = { busy: new Uint32Array(count + 1), idle: new Uint32Array(count + 1) };
    for (let i = 0; i < count; i++) {
      const fill = ml.fillOf(core, i);
      colors.busy[i] = pack(fill);
      colors.idle[i] = pack(mix(fill, grey, 0.75));
    }
    colors.busy[count] = colors.idle[count] = pack(grey);
  };

  // ---- flame charts

  // Boxes of which more than nine tenths was waiting are pale.
  function boxColor(test) {
    const grey = core.functions.count;
    return (look) => {
      const index = look < 0 ? grey : look >> 1;
      return test && !test[index] ? colors.idle[grey] : (look & 1 ? colors.idle : colors.busy)[index];
    };
  }

  let matches = { query: null, hits: null };
  ml.matches = function () {
    const test = ml.matcher(ml.state.query);
    if (matches.query !== ml.state.query) {
      const hits = test && new Uint8Array(core.functions.count);
      if (test) for (let i = 0; i < hits.length; i++) hits[i] = test(core.name(i)) ? 1 : 0;
      matches = { query: ml.state.query, hits };
    }
    return matches.hits;
  };

  let image = null, buffer = document.createElement("canvas");

  function paintRows(context, boxes, view, width, rows, first) {
    const ratio = context.canvas.width / width, wide = context.canvas.width, labels = [];
    if (!image || image.width !== wide || image.height < rows) {
      buffer.width = wide;
      buffer.height = rows;
      image = buffer.getContext("2d").createImageData(wide, rows);
      image.words = new Uint32Array(image.data.buffer);
    }
    image.words.fill(0);
    const color = boxColor(ml.matches());
    for (let i = 0; i < rows && first + i <= boxes.depths; i++)
      ml.paintDepth(boxes, first + i, view, wide, image.words, i * wide, color, labels, LABEL_LEAST * ratio);
    buffer.getContext("2d").putImageData(image, 0, 0, 0, 0, wide, rows);
    return labels.map((label) => Object.assign(label, { left: label.left / ratio, right: label.right / ratio }));
  }

  function drawLabels(context, boxes, labels, first, shift) {
    const letter = context.measureText("0").width;
    context.textBaseline = "middle";
    context.fillStyle = "#16181d";
    context.direction = "ltr";
    for (const { row, depth, left, right } of labels.slice(0, 700)) {
      const name = core.name(core.paths.function[boxes.path[row]]), room = Math.floor((right - left - 6) / letter);
      if (room < 3) continue;
      context.fillText(ml.fit(context, name, room, right - left - 6), left + 3, (depth - first) * ROW + ROW / 2 - shift);
    }
  }

  // Cut to the room; what is not plain ASCII is measured.
  ml.fit = function (context, name, letters, width) {
    let text = name.length > letters ? name.slice(0, letters - 1) + "…" : name;
    while (/[^\x20-\x7e…]/.test(text) && text.length > 1 && context.measureText(text).width > width) text = text.slice(0, -2) + "…";
    return text;
  };

  function outline(context, boxes, row, view, width, first, shift) {
    const scale = width / (view.to - view.from), depth = ml.depthOfBox(boxes, row);
    const left = Math.max(-3, (boxes.start[row] - view.from) * scale), right = Math.min(width + 3, (boxes.stop[row] - view.from) * scale);
    if (right < 0 || left > width) return;
    context.strokeStyle = ml.palette().text;
    context.lineWidth = 2;
    context.strokeRect(left + 1, (depth - first) * ROW - shift + 1, Math.max(2, right - left - 2), ROW - 3);
  }

  function drawFlames(index, box) {
    return (context, width, height, view) => {
      const boxes = ml.boxesOf(core, index), first = Math.floor(box.scrollTop / ROW) + 1, shift = box.scrollTop % ROW;
      const rows = Math.min(Math.ceil(height / ROW) + 1, Math.max(0, boxes.depths - first + 1));
      if (!rows || !boxes.total) return;
      const labels = paintRows(context, boxes, view, width, rows, first);
      context.imageSmoothingEnabled = false;
      context.drawImage(buffer, 0, 0, buffer.width, rows, 0, -shift, width, rows * ROW);
      context.fillStyle = ml.palette().strip;
      for (let i = 1; i <= rows; i++) context.fillRect(0, i * ROW - 1 - shift, width, 1);
      drawLabels(context, boxes, labels, first, shift);
      const selected = ml.selectedBox();
      if (selected && selected.thread === index) outline(context, boxes, selected.row, view, width, first, shift);
    };
  }

  function describeBox(boxes, row, count, view) {
    const path = boxes.path[row], index = core.paths.function[path], wall = boxes.stop[row] - boxes.start[row];
    const running = core.sums.running[boxes.end[row]] - core.sums.running[boxes.first[row]];
    const cpu = core.sums.cpu[boxes.end[row]] - core.sums.cpu[boxes.first[row]];
    const lines = [core.name(index), core.place(index, core.stacks.line[core.paths.stack[path]]) + " · thread " + boxes.thread.name,
      ml.duration(wall) + " from " + ml.time(boxes.start[row], view.to - view.from),
      "running " + ml.ratio(running / wall) + ", waiting " + ml.ratio(1 - running / wall) + ", CPU " + ml.duration(cpu)];
    if (count > 1) lines.push(ml.count(count) + " stretches here; this is the longest");
    return lines;
  }

  function addFlames(index) {
    const boxes = ml.boxesOf(core, index), high = boxes.depths * ROW, view = () => ml.view();
    const canvas = ml.el("canvas", { tabindex: "0", role: "application",
      "aria-label": "Flame chart of thread " + boxes.thread.name + ": arrow keys go from stretch to stretch" });
    const box = ml.el("div.flames", null, canvas, ml.el("div"));
    box.lastChild.style.height = Math.max(0, high - Math.min(high, FLAME_MOST)) + "px";
    box.style.maxHeight = FLAME_MOST + "px";
    canvas.style.height = Math.min(high, FLAME_MOST) + "px";
    const at = (time, y, width, shown) => ml.boxAt(boxes, Math.floor((y + box.scrollTop) / ROW) + 1, time, (shown.to - shown.from) / width);
    const track = { row: ml.el("div.track.flaming", null, ml.el("span.name"), box, ml.el("span.value", null, boxes.depths + " deep")), canvas, index,
      draw: drawFlames(index, box),
      tip: (time, y, width, shown) => {
        const { row, count } = at(time, y, width, shown);
        return row < 0 ? null : describeBox(boxes, row, count, shown);
      },
      click: (time, y, width, shown) => {
        const { row } = at(time, y, width, shown);
        ml.select(row < 0 ? null : { thread: index, row });
      },
      fit: (time, y, width, shown) => {
        const { row } = at(time, y, width, shown);
        if (row >= 0) ml.reveal(boxes.start[row], boxes.stop[row]);
      } };
    box.addEventListener("scroll", () => ml.touch("size"));
    canvas.addEventListener("keydown", (event) => moveSelection(event, index, boxes, view()));
    ml.registerTrack(track);
    return track;
  }

  // Arrow keys: to the caller, to the longest called, to the one before or after at the same depth.
  function moveSelection(event, index, boxes, view) {
    const selected = ml.selectedBox(), row = selected && selected.thread === index ? selected.row : -1;
    const middle = row < 0 ? (view.from + view.to) / 2 : (boxes.start[row] + boxes.stop[row]) / 2;
    const depth = row < 0 ? 0 : ml.depthOfBox(boxes, row), low = boxes.offset[depth], high = boxes.offset[depth + 1] - 1;
    let next = row;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowLeft") next = row < 0 ? boxes.offset[1] : Math.max(low, row - 1);
    else if (event.key === "ArrowRight") next = row < 0 ? boxes.offset[1] : Math.min(high, row + 1);
    else if (event.key === "ArrowUp") next = depth > 1 ? ml.boxAt(boxes, depth - 1, middle, 0).row : row;
    else if (event.key === "ArrowDown") next = ml.boxAt(boxes, depth + 1, middle, row < 0 ? view.to - view.from : (boxes.stop[row] - boxes.start[row]) / 2).row;
    else if (event.key === "Enter" && row >= 0) ml.reveal(boxes.start[row], boxes.stop[row]);
    else return;
    event.preventDefault();
    if (next >= 0 && next !== row && next < boxes.total) {
      ml.select({ thread: index, row: next });
      if (boxes.stop[next] < view.from || boxes.start[next] > view.to) ml.reveal(boxes.start[next], boxes.stop[next]);
    }
  }

  function addThread(index, isOpen) {
    const thread = core.threads[index];
    const button = ml.button("", "", toggle, { "class": "name" });
    const track = ml.addTrack(button, "what thread " + thread.name + " did", 20, ml.drawActivity(thread), {
      tip: (time, y, width, view) => {
        const half = Math.max((view.to - view.from) / width / 2, 1), [from, to] = [time - half, time + half];
        const part = (sum) => (ml.sumUpTo(core, thread, sum, to) - ml.sumUpTo(core, thread, sum, from)) / (to - from);
        if (part(core.sums.present) < 0.01) return null;
        return [thread.name, "running " + ml.ratio(part(core.sums.running)) + (part(core.sums.gil) > 0 ? ", waiting for the GIL " + ml.ratio(part(core.sums.gil)) : "") +
          ", CPU " + ml.ratio(part(core.sums.cpu)), "at " + ml.time(time, view.to - view.from)];
      },
      click: () => toggle(),
    });
    let flames = null;
    track.value.textContent = "CPU " + ml.duration(thread.cpu);
    function label(open) {
      button.textContent = (open ? "▾ " : "▸ ") + thread.name;
      button.title = thread.name;
      button.setAttribute("aria-label", "Flame chart of thread " + thread.name);
      button.setAttribute("aria-expanded", String(open));
    }
    function toggle() {
      if (!flames) {
        flames = addFlames(index);
        track.row.after(flames.row);
        ml.watchTrack(flames);
      } else flames.row.hidden = !flames.row.hidden;
      label(!flames.row.hidden);
      ml.touch("size");
    }
    thread.show = () => { if (!flames || flames.row.hidden) toggle(); };
    label(false);
    if (isOpen) toggle();
    return track;
  }

  // Threads below the busiest get their tracks when they are asked for.
  function foldThreads(rest) {
    const button = ml.button("", "Show all threads", unfold);
    const row = ml.el("div.track.only", null, button);
    function unfold() {
      row.remove();
      rest.forEach((index) => ml.watchTrack(addThread(index, false)));
      ml.touch("size");
    }
    button.textContent = "Show all threads: " + ml.count(rest.length) + " more, with less running time";
    rest.forEach((index) => { core.threads[index].show = () => { unfold(); core.threads[index].show(); }; });
    ml.trackPlace().append(row);
  }

  ml.addThreads = function (loaded) {
    core = loaded;
    const { running } = core.sums, work = core.threads.map((thread) => running[thread.end] - running[thread.first]);
    const order = core.threads.map((_, i) => i).filter((i) => core.threads[i].end > core.threads[i].first)
      .sort((a, b) => core.threads[b].main - core.threads[a].main || work[b] - work[a]);
    const most = Math.max(...work), busiest = [...order].sort((a, b) => work[b] - work[a]).filter((i) => work[i] > most / 3).slice(0, EXPANDED_MOST);
    if (!order.length) ml.trackPlace().append(ml.el("p.none", null, "No sample was taken: there is no thread to show. Log, counters and descriptors do not depend on samples."));
    order.slice(0, SHOWN_MOST).forEach((index) => addThread(index, busiest.includes(index)));
    if (order.length > SHOWN_MOST) foldThreads(order.slice(SHOWN_MOST));
  };
})(window.microlog);

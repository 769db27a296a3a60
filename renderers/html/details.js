"use strict";
// The panel of what is selected: a stretch, a function, some messages, or a box of a diagram. It stands beside the page, never over a question.
(function (ml) {
  const SIMILAR_SHOWN = 40, LINES_SHOWN = 8, ENOUGH = 8, AROUND = 3, GROUP_SHOWN = 30, SOURCE_MOST = 5000;
  let core, panel, body, special = null, returnTo = null;

  // ---- what is selected

  ml.selectedBox = function () {
    const found = /^t(\d+)\.(\d+)$/.exec(ml.state.box);
    if (!found || !core || !core.threads[found[1]]) return null;
    const thread = Number(found[1]), row = Number(found[2]);
    return row < ml.boxesOf(core, thread).total ? { thread, row } : null;
  };
  ml.select = function (box) {
    special = null;
    returnTo = document.activeElement;
    if (!box) return ml.set({ box: "", fn: -1, line: 0 }, true);
    const boxes = ml.boxesOf(core, box.thread);
    ml.set({ box: "t" + box.thread + "." + box.row, fn: core.paths.function[boxes.path[box.row]], line: 0 }, true);
  };
  // A function, and perhaps a line of it that matters.
  ml.selectFunction = function (index, line) {
    special = null;
    returnTo = document.activeElement;
    ml.set({ box: "", fn: index, line: line || 0 }, true);
  };
  ml.showMessages = function (rows) {
    special = () => showRows(rows);
    special.isStill = true; // whatever the range
    ml.set({ box: "", fn: -1 }, true);
    ml.touch("special");
  };

  // ---- pieces

  const heading = (text) => ml.el("h4", null, text);
  const facts = (rows) => ml.el("dl", null, ...rows.filter(Boolean).flatMap(([name, value]) => [ml.el("dt", null, name), ml.el("dd", null, value)]));

  function functionLink(index) {
    if (index < 0) return ml.el("span", null, "(the thread itself)");
    return ml.el("button.link", { type: "button", onclick: () => ml.selectFunction(index) }, core.name(index));
  }

  function weightList(title, list, whole) {
    if (!list.length) return [];
    return [heading(title), ml.el("ul.weights", null, ...list.map(([index, weight]) => {
      const bar = ml.el("i");
      bar.style.width = Math.min(100, weight / whole * 100) + "%";
      return ml.el("li", null, functionLink(index), ml.el("span.number", null, ml.duration(weight)), bar);
    }))];
  }

  function figures(index) {
    const view = ml.view(), whole = { from: 0, to: core.duration };
    const of = (range, measure) => ml.functionFigures(core, ml.aggregate(core, range, measure), index);
    const inRange = of(view, "wall");
    const row = (name, one, samples) => ml.el("tr", null, ml.el("th", { scope: "row" }, name),
      ...[ml.duration(one.self), ml.duration(one.total), samples ? ml.count(samples.total) : ""].map((text) => ml.el("td.number", null, text)));
    const head = ml.el("tr", null, ...["", "itself", "with its calls", "samples"].map((text) => ml.el("th", null, text)));
    const table = ml.el("table", null, ml.el("thead", null, head), ml.el("tbody", null,
      row(ml.isZoomed() ? "in this range" : "in the run", inRange, of(view, "samples")), row("of that running", of(view, "running")),
      ml.isZoomed() ? row("in the run", of(whole, "wall"), of(whole, "samples")) : null));
    return [table, ...weightList("Called by", inRange.callers, inRange.total || 1), ...weightList("Calls", inRange.callees, inRange.total || 1)];
  }

  // ---- similar stretches

  function similarTo(index) {
    const found = [];
    core.threads.forEach((_, thread) => {
      const boxes = ml.boxesOf(core, thread), called = core.paths.function;
      for (let row = 0; row < boxes.total; row++)
        if (called[boxes.path[row]] === index) found.push({ thread, row, start: boxes.start[row], length: boxes.stop[row] - boxes.start[row] });
    });
    return found.sort((a, b) => b.length - a.length || a.start - b.start);
  }

  // The length above which one is unusual, of lengths in falling order: far from the median of the logarithms, as the analyzer of
  // anomalies has it (1.4826 median deviations are a standard deviation), and by several samples. Infinity: too few to say so.
  function unusualFrom(all) {
    if (all.length < ENOUGH) return Infinity;
    const logs = all.map((one) => Math.log(one.length)), middle = logs[logs.length >> 1];
    const away = logs.map((one) => Math.abs(one - middle)).sort((a, b) => a - b)[logs.length >> 1];
    return Math.max(Math.exp(middle + 3.5 * 1.4826 * Math.max(away, 0.05)), Math.exp(middle) + 5 * core.period);
  }

  function bar(one, longest, selected, unusual) {
    const isThis = selected && one.thread === selected.thread && one.row === selected.row;
    const text = ml.duration(one.length) + " at " + ml.time(one.start, 2e9) + (one.length > unusual ? ", unusual" : "");
    const button = ml.el("button", { type: "button", title: text, "aria-label": text, "aria-current": isThis ? "true" : null,
      onclick: () => { ml.select(one); ml.reveal(one.start, one.start + one.length); } }, ml.el("i"));
    button.classList.toggle("unusual", one.length > unusual);
    button.firstChild.style.height = Math.max(2, one.length / longest * 44) + "px";
    return button;
  }

  function similar(index, selected) {
    const all = similarTo(index);
    if (!all.length) return [];
    const at = selected ? all.findIndex((one) => one.thread === selected.thread && one.row === selected.row) : -1;
    const step = Math.max(1, all.length / SIMILAR_SHOWN), shown = [], unusual = unusualFrom(all), odd = all.filter((one) => one.length > unusual).length;
    for (let i = 0; i < all.length; i += step) shown.push(all[Math.floor(i)]);
    if (at >= 0 && !shown.includes(all[at])) shown.push(all[at]);
    shown.sort((a, b) => b.length - a.length || a.start - b.start);
    const text = ml.count(all.length) + (all.length === 1 ? " stretch" : " stretches") + ", median " + ml.duration(all[all.length >> 1].length) +
      ", longest " + ml.duration(all[0].length) + (at >= 0 ? "; this is number " + ml.count(at + 1) : "") +
      (all.length < ENOUGH ? ". Too few to call one unusual." : odd ? ". " + ml.count(odd) + " above " + ml.duration(unusual) + (odd === 1 ? " is" : " are") + " unusual." : ".") + (step > 1 ? " A sample of them:" : "");
    return [heading("Stretches of this function"), ml.el("p.remark", null, text), ml.el("div.bars", null, ...shown.map((one) => bar(one, all[0].length, selected, unusual)))];
  }

  // ---- lines of source

  function whyNoText(index) {
    const file = core.file(index).split("/").pop(), flags = core.functions.flags[core.functions.module[index] - 1];
    return core.origin(index) === "synthetic" ? "It has no file." :
      flags & 32 ? file + " is not what it was when this was recorded: there is no text to show." :
        "This report holds no text of these lines: they are not hot (--source full holds all), or " + file + " was not there.";
  }

  function sourceLine(file, line, heat, text, most) {
    const { self, total } = heat.get(line) || { self: 0, total: 0 }, row = ml.el("tr", { "aria-current": line === ml.state.line ? "true" : null },
      ml.el("th", { scope: "row" }, ml.editorLink(file, line, line) || line), ml.el("td", null, self ? ml.duration(self) : ""), ml.el("td", null, total ? ml.duration(total) : ""),
      ml.el("td", null, ml.el("code", null, text)));
    row.style.setProperty("--heat", total / most * 50 + "%");
    return row;
  }

  // Lines with time, the one that was asked for, and what is around them; or all of the file that are here.
  let wholeFile = 0;

  async function showSource(index, into) {
    const module = core.functions.module[index], isWhole = module > 0 && module === wholeFile, file = core.file(index);
    const known = (await ml.data.source().catch(() => new Map())).get(module - 1) || new Map();
    const heat = isWhole ? ml.lineFigures(core, ml.view(), module, (one) => core.functions.module[one]) : ml.lineFigures(core, ml.view(), index);
    const most = Math.max(1, ...[...heat.values()].map(({ total }) => total));
    const shown = new Set([...heat.keys(), core.functions.line[index], ml.state.line, ...(isWhole ? known.keys() : [])].filter((line) => line > 0)), rows = [];
    for (const line of [...shown]) for (let i = line - AROUND; i <= line + AROUND; i++) if (known.has(i)) shown.add(i);
    const order = [...shown].sort((a, b) => a - b).slice(0, SOURCE_MOST);
    const text = isWhole ? "Only the lines of this function" : "All " + ml.count(known.size) + " lines of " + file.split("/").pop() + " that are here";
    const more = ml.button(text, text, () => { wholeFile = isWhole ? 0 : module; showSource(index, into); });
    const indent = Math.min(...order.map((line) => known.get(line)).filter((text) => text && text.trim()).map((text) => text.search(/\S/)));
    order.forEach((line, i) => {
      if (i && line > order[i - 1] + 1) rows.push(ml.el("tr", null, ml.el("th", null, "⋯")));
      rows.push(sourceLine(file, line, heat, (known.get(line) || "").slice(indent), most));
    });
    const head = ml.el("tr", null, ...["line", "itself", "total", ""].map((text) => ml.el("th", { scope: "col" }, text)));
    const table = ml.el("table", { "aria-label": "Lines of " + (isWhole ? file.split("/").pop() : core.name(index)) }, ml.el("thead", null, head), ml.el("tbody", null, ...rows));
    const box = ml.el("div.source", { tabindex: "0" }, table), marked = table.querySelector("[aria-current]"), why = order.some((line) => known.has(line)) ? "" : whyNoText(index);
    into.replaceChildren(heading(isWhole ? "Lines of " + file.split("/").pop() : "Lines"), why ? ml.el("p.remark", null, why) : "", rows.length ? box : "", isWhole || known.size > order.length ? ml.el("p", null, more) : "");
    const first = marked || (isWhole && rows.find((row) => row.textContent.startsWith(String(core.functions.line[index]))));
    if (first) box.scrollTop = first.offsetTop - 60;
  }

  // ---- places in the text of the page

  const functionsOf = new Map();

  // The function of a file that has the name, or else the last to begin before the line. -1: not known.
  ml.findFunction = function (file, line, name) {
    if (!functionsOf.size)
      for (let i = 0; i < core.functions.count; i++) {
        if (!functionsOf.has(core.file(i))) functionsOf.set(core.file(i), []);
        functionsOf.get(core.file(i)).push(i);
      }
    const first = core.functions.line, all = functionsOf.get(file) || [], named = all.filter((i) => core.name(i) === name);
    return (named.length ? named : name ? [] : all).reduce((best, i) => first[i] <= line && (best < 0 || first[i] > first[best]) ? i : best, -1);
  };
  ml.placeLink = (index, line, ...content) =>
    ml.el("button.link", { type: "button", title: "Show the lines", onclick: () => ml.selectFunction(index, line) }, ...content);

  // What a <code> says of a place: its title is the file, its text ends with the line, and the function may follow.
  ml.placeOf = function (code) {
    const next = code.nextElementSibling, name = next && next.matches("code:not([title])") ? next : null;
    return { file: code.title, line: Number(code.textContent.split(":").pop()) || 0, name };
  };

  ml.linkPlaces = function (element) {
    for (const code of element.querySelectorAll(".where code[title], .place code[title], #descriptors td:last-child code[title]")) {
      const { file, line, name } = ml.placeOf(code), index = ml.findFunction(file, line, name && name.textContent), opens = ml.editorLink(file, line);
      if (opens) (name || code).after("\u00a0", opens);
      if (index < 0) continue;
      const link = ml.placeLink(index, line);
      code.before(link);
      link.append(code);
      if (name) link.append(link.nextSibling, name);
    }
  };

  // Cells of tables say "name (file:line)".
  function linkCells() {
    const cells = new Map();
    for (let i = 0; i < core.functions.count; i++) cells.set(core.name(i) + " (" + core.place(i, core.functions.line[i]) + ")", i);
    for (const code of document.querySelectorAll(".block td > code[title]"))
      if (cells.has(code.title)) {
        const index = cells.get(code.title), link = ml.placeLink(index, 0), opens = ml.editorLink(core.file(index), core.functions.line[index]);
        code.before(link);
        link.append(code);
        if (opens) link.parentElement.append("\u00a0", opens);
      }
  }

  // ---- what happened inside

  function line(row) {
    const place = row.file ? row.file.split("/").pop() + (row.line ? ":" + row.line : "") : "";
    return ml.el("li." + row.word, null, ml.el("button.link", { type: "button", title: "Show it in the log", onclick: () => ml.showInLog(row) }, ml.time(row.time, 2e9)),
      ml.el("span.word", null, row.word), ml.el("span.text", null, ...ml.colored(row.text.slice(0, 400))), place ? ml.el("small", null, place) : null);
  }

  function lines(rows, title) {
    if (!rows.length) return [];
    return [heading(title), ml.el("ul.lines", null, ...rows.slice(0, LINES_SHOWN).map(line)),
      rows.length > LINES_SHOWN ? ml.el("p.remark", null, "and " + ml.count(rows.length - LINES_SHOWN) + " more") : ""];
  }

  async function inside(box, boxes) {
    const from = boxes.start[box.row], to = boxes.stop[box.row], parts = [];
    const isInside = (time, thread) => time >= from && time < to && (thread === box.thread || thread < 0);
    const log = await ml.data.log().catch(() => ({ rows: [] })), resources = await ml.data.resources().catch(() => []);
    parts.push(...lines(log.rows.filter((row) => isInside(row.time, row.thread)), "Said meanwhile by this thread"));
    for (const { name, rows } of await ml.data.events().catch(() => [])) {
      const within = rows.filter((row) => row.start >= from && row.end <= to), title = ml.lasting[name] ? ml.lasting[name][0] : name;
      if (within.length) parts.push(ml.el("p", null, title + " meanwhile: " + ml.count(within.length) + ", " + ml.duration(within.reduce((sum, row) => sum + row.end - row.start, 0)) + " together."));
    }
    const opened = resources.filter((one) => !one.inherited && isInside(one.open, one.thread));
    if (opened.length) parts.push(ml.el("p", null, ml.count(opened.length) + " descriptors opened meanwhile, " +
      ml.count(opened.filter((one) => one.close === Infinity).length) + " of them never closed."));
    return parts;
  }

  // ---- the three contents

  function stretch(box, boxes) {
    const { row } = box, wall = boxes.stop[row] - boxes.start[row], first = boxes.first[row], end = boxes.end[row];
    const part = (sum) => sum[end] - sum[first], running = part(core.sums.running), gil = part(core.sums.gil);
    return [heading("This stretch"), facts([["from", ml.time(boxes.start[row], wall) + " for " + ml.duration(wall)], ["thread", boxes.thread.name],
      ["running", ml.duration(running) + " (" + ml.ratio(running / wall) + "), CPU " + ml.duration(part(core.sums.cpu))],
      ["waiting", ml.duration(wall - running) + (gil ? ", for the GIL " + ml.duration(gil) : "")],
      ["samples", ml.count(part(core.sums.taken))]]),
      ml.el("p", null, ml.button("Zoom to it", "Zoom to this stretch", () => ml.reveal(boxes.start[row], boxes.stop[row])))];
  }

  function showFunction(index, box) {
    const boxes = box && ml.boxesOf(core, box.thread);
    const line = box ? core.stacks.line[core.paths.stack[boxes.path[box.row]]] : core.functions.line[index];
    const place = core.file(index) + (line ? ":" + line : "");
    const find = ml.button("Find in the flame graph", "Highlight this function everywhere", () => { ml.set({ query: core.name(index) }, true); ml.section("flame").scrollIntoView(); });
    const later = ml.el("div"), source = ml.el("div");
    body.replaceChildren(ml.el("h3", null, core.name(index)), ml.el("p.remark", null, core.module(index) + " · " + core.origin(index).replace("third", "third party")),
      ml.el("p", null, ml.el("code", null, place), " ", ml.editorLink(core.file(index), line)), ...(box ? stretch(box, boxes) : []), later, source, heading("This function"), ...figures(index), ml.el("p", null, find), ...similar(index, box));
    showSource(index, source);
    if (box) inside(box, boxes).then((parts) => later.replaceChildren(...parts));
    ml.say(core.name(index) + ", " + place + (box ? ", " + ml.duration(boxes.stop[box.row] - boxes.start[box.row]) + " at " + ml.time(boxes.start[box.row], 2e9) : ""));
  }

  // The frames of a stack, the innermost first.
  function frames(stack) {
    const found = [];
    for (let at = stack; at; at = core.stacks.parent[at]) {
      const index = core.stacks.function[at], line = core.stacks.line[at];
      found.push(ml.el("li", null, ml.placeLink(index, line, core.name(index)), " ", ml.el("small", null, core.place(index, line), " ", ml.editorLink(core.file(index), line) || "")));
    }
    return found.length ? [heading("Said from"), ml.el("ul.lines", null, ...found)] : [];
  }

  // The message before and after one, whatever the log shows, and what the counters said then.
  function aroundMessage(row) {
    const meanwhile = ml.valuesAt(row.time), place = ml.el("p"), step = (by, rows) => {
      const text = by < 0 ? "Message before" : "Next message";
      return ml.button(by < 0 ? "‹" : "›", text, () => ml.showMessages([rows[row.row + by]]), { disabled: rows[row.row + by] ? null : "" });
    };
    ml.data.log().then(({ rows, total }) => place.append(step(-1, rows), " ", step(1, rows), " ", ml.el("span.remark", null, "number " + ml.count(row.row + 1) + " of " + ml.count(total))));
    return [place, ...(meanwhile.length ? [heading("At that time"), facts(meanwhile)] : [])];
  }

  function showRows(messages) {
    const from = messages[0].time, to = messages[messages.length - 1].time;
    const shown = messages.slice().sort((a, b) => b.rank - a.rank || a.row - b.row).slice(0, 50).sort((a, b) => a.row - b.row);
    body.replaceChildren(ml.el("h3", null, messages.length === 1 ? "1 message" : ml.count(messages.length) + " messages"),
      ml.el("p.remark", null, ml.time(from, to - from) + (to > from ? " to " + ml.time(to, to - from) : "")), ml.el("ul.lines", null, ...shown.map(line)),
      ...(messages.length === 1 ? [...aroundMessage(messages[0]), ...frames(messages[0].stack)] : []), messages.length > 50 ? ml.el("p.remark", null, "The 50 most serious are shown.") : "",
      to > from ? ml.el("p", null, ml.button("Zoom to them", "Zoom to these messages", () => ml.reveal(from, to))) : "");
    ml.say(messages.length + " messages");
  }

  // The functions of what a diagram draws as one box, `id` as the program spells it: a package, a module, a class, a function.
  ml.showGroup = function (id, file) {
    special = () => {
      const weights = ml.aggregate(core, ml.view(), "wall"), found = [];
      for (let i = 0; i < core.functions.count; i++)
        if (core.file(i) === file && (core.module(i) + "." + core.name(i) + ".").startsWith(id + ".")) found.push([i, ml.functionFigures(core, weights, i).total]);
      found.sort((a, b) => b[1] - a[1]);
      body.replaceChildren(ml.el("h3", null, id), ml.el("p", null, ml.el("code", null, file), " ", ml.editorLink(file, 0)),
        ...weightList("Functions, with what they call" + (ml.isZoomed() ? ", in this range" : ""), found.slice(0, GROUP_SHOWN), found.length ? found[0][1] || 1 : 1),
        ml.el("p.remark", null, ml.count(found.length) + (found.length === 1 ? " function was seen" : " functions were seen")));
      ml.say(id + ", " + found.length + " functions");
    };
    ml.set({ box: "", fn: -1 }, true);
    ml.touch("special");
  };

  function update(names) {
    const box = ml.selectedBox(), index = box ? core.paths.function[ml.boxesOf(core, box.thread).path[box.row]] : ml.state.fn;
    if (names.has("box") || names.has("fn")) special = names.has("special") || (!ml.state.box && ml.state.fn < 0) ? special : null;
    const isOpen = Boolean(special) || index >= 0 || Boolean(box), wasOpen = !panel.hidden;
    // What is in view and was pressed stays where it is, though the page becomes narrower.
    const held = document.activeElement, before = held.getBoundingClientRect().top;
    const hold = () => scrollBy(0, held.getBoundingClientRect().top - before);
    panel.hidden = !isOpen;
    document.body.classList.toggle("beside", isOpen);
    if (isOpen !== wasOpen && before >= 0 && before < innerHeight) {
      hold();
      requestAnimationFrame(() => requestAnimationFrame(hold));
    }
    if (isOpen !== wasOpen) ml.touch("size");
    if (special) special();
    else if (isOpen && index >= 0) showFunction(index, box);
    if (box && names.has("box")) core.threads[box.thread].show && core.threads[box.thread].show();
    if (isOpen && (names.has("box") || names.has("fn") || names.has("line"))) panel.scrollTop = 0;
  }

  function close() {
    special = null;
    ml.set({ box: "", fn: -1 }, true);
    ml.touch("special");
    if (returnTo && returnTo.isConnected) returnTo.focus({ preventScroll: true });
  }

  let timer = 0;
  ml.startDetails = function (loaded) {
    core = loaded;
    body = ml.el("div.body");
    panel = ml.el("aside.details", { id: "details", "aria-label": "Details of the selection", hidden: "" }, ml.button("×", "Close the details", close, { "class": "close" }), body);
    document.body.append(panel);
    linkCells();
    ml.linkPlaces(document);
    ml.on("box fn line special", update);
    ml.on("from to", (names) => { // heavier than a frame of a drag may be
      clearTimeout(timer);
      if (!panel.hidden && !(special && special.isStill)) timer = setTimeout(update, 150, new Set(["range"]));
    });
    ml.escape(() => !panel.hidden, close);
  };
})(window.microlog);

"use strict";
// What the interactive parts share: numbers for people, elements, state and its place in the URL, keys, theme.
(function (ml) {
  const root = document.documentElement;

  // ---- numbers, as sdk.h writes them

  function scaled(value, units) {
    let i = 0;
    while (i + 1 < units.length && value + units[i][0] / 2 >= units[i + 1][0]) i++;
    const number = value / units[i][0];
    const digits = units[i][0] === 1 ? 0 : number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    return number.toFixed(digits) + " " + units[i][1];
  }

  ml.duration = function (ns) {
    const seconds = Math.round(ns / 1e9);
    if (seconds < 1000) return scaled(ns, [[1, "ns"], [1e3, "µs"], [1e6, "ms"], [1e9, "s"]]);
    if (seconds < 6000) return Math.floor(seconds / 60) + " min " + String(seconds % 60).padStart(2, "0") + " s";
    return Math.floor(seconds / 3600) + " h " + String(Math.floor(seconds % 3600 / 60)).padStart(2, "0") + " min";
  };
  ml.bytes = (value) => (value < 0 ? "-" : "") +
    scaled(Math.abs(value), [[1, "B"], [1e3, "kB"], [1e6, "MB"], [1e9, "GB"], [1e12, "TB"], [1e15, "PB"]]);
  ml.count = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  ml.ratio = function (ratio) {
    const percent = Math.round(ratio * 1000) / 10;
    return (percent === 0 || Math.abs(percent) >= 10 ? Math.round(ratio * 100) : percent.toFixed(1)) + " %";
  };
  // A moment; finer when little of the run is in view.
  ml.time = (ns, span) => (ns / 1e9).toFixed(span < 1e6 ? 6 : span < 1e8 ? 4 : span < 2e9 ? 3 : 2) + " s";

  // ---- elements: text goes in as text, never as markup

  ml.el = function (name, attributes, ...content) {
    const [tag, ...classes] = name.split(".");
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(" ");
    for (const [key, value] of Object.entries(attributes || {}))
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(key, value);
    element.append(...content.filter((part) => part !== null && part !== undefined));
    return element;
  };
  // Text with the colours that it had in a terminal (ECMA-48, SGR); ml.clean has made the escapes readable.
  ml.colored = function (text) {
    let color = "", bold = "";
    return text.split(/\\x1b\[([\d;]*)m/).map((part, i) => {
      if (i % 2 === 0) return part && (color || bold) ? ml.el("span" + color + bold, null, part) : part;
      for (const code of part.split(";").map(Number)) {
        if (code === 38 || code === 48) break; // colours by number
        if (!code || code === 39) color = "";
        if (!code || code === 22) bold = "";
        if (code === 1) bold = ".bold";
        if (code % 60 >= 30 && code % 60 < 38 && code < 98) color = ".c" + code % 10;
      }
      return "";
    });
  };
  ml.button = (text, label, act, attributes) =>
    ml.el("button", Object.assign({ type: "button", title: label, "aria-label": label, onclick: act }, attributes), text);
  ml.section = (id) => document.getElementById(id);

  // A link that opens a line in the reader's editor. Null: the report names no editor, or there is no such file.
  const { editor, editorName } = document.body.dataset;
  ml.editorLink = function (file, line, text) {
    if (!editor || !/^\/./.test(file)) return null;
    const address = editor.replace("%f", () => file.split("/").map(encodeURIComponent).join("/")).replace("%l", line || 1);
    const label = "Open " + file.split("/").pop() + (line ? ":" + line : "") + " in " + editorName;
    return ml.el("a.editor", { href: address, title: label, "aria-label": label }, text || "↗");
  };

  const live = ml.el("div.unseen", { role: "status", "aria-live": "polite" });
  const toast = ml.el("div.toast", { hidden: "" });
  let toastTimer = 0;
  ml.say = (text) => { live.textContent = text; };
  ml.toast = function (text) {
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { toast.hidden = true; }, 5000);
    ml.say(text);
  };

  // ---- the note beside the pointer

  const tip = ml.el("div.tip", { role: "tooltip", hidden: "" });
  ml.tip = function (event, lines) {
    tip.hidden = !lines;
    if (!lines) return;
    tip.replaceChildren(...lines.map((line, i) => ml.el(i ? "div" : "b", null, line)));
    const width = tip.offsetWidth, height = tip.offsetHeight;
    const left = event.clientX + 14 + width < innerWidth ? event.clientX + 14 : event.clientX - 14 - width;
    const top = event.clientY + 18 + height < innerHeight ? event.clientY + 18 : event.clientY - 12 - height;
    tip.style.transform = "translate(" + Math.max(4, left) + "px," + Math.max(4, top) + "px)";
  };

  // ---- state: one object, in the hash of the URL; parts listen for the names that concern them

  const EMPTY = { from: 0, to: Infinity, query: "", fn: -1, box: "", measure: "running", level: "", text: "", at: "", zoom: 0, line: 0, inverted: 0 };
  const state = ml.state = Object.assign({}, EMPTY);
  const listeners = [];
  let changed = new Set(), frame = 0;

  ml.on = (names, act) => listeners.push({ names: names.split(" "), act });

  function deliver() {
    const names = changed;
    frame = 0;
    changed = new Set();
    for (const { names: wanted, act } of listeners) if (wanted.some((name) => names.has(name))) act(names);
  }

  // Calls the listeners of `names` before the next paint.
  ml.touch = function (...names) {
    names.forEach((name) => changed.add(name));
    if (!frame) frame = requestAnimationFrame(deliver);
  };

  let writeTimer = 0;
  ml.set = function (patch, push) {
    const names = Object.keys(patch).filter((name) => state[name] !== patch[name]);
    if (!names.length) return;
    if (push) writeHash(false);
    Object.assign(state, patch);
    ml.touch(...names);
    clearTimeout(writeTimer);
    if (push) writeHash(true);
    else writeTimer = setTimeout(writeHash, 250, false);
  };

  const seconds = (ns) => String(Math.round(ns / 1e3) / 1e6);

  function hashOfState() {
    const parts = new URLSearchParams();
    if (ml.isZoomed()) parts.set("t", seconds(ml.view().from) + "-" + seconds(ml.view().to));
    for (const [key, name] of Object.entries(KEYS))
      if (state[name] !== EMPTY[name]) parts.set(key, key === "f" ? "f" + state[name] : state[name]);
    return parts.toString().replace(/%2F/g, "/");
  }

  const KEYS = { q: "query", f: "fn", b: "box", m: "measure", lv: "level", lq: "text", s: "at", z: "zoom", n: "line", i: "inverted" };
  const LEVELS = ["", "1", "2", "3"];

  function writeHash(push) {
    clearTimeout(writeTimer);
    const hash = "#" + hashOfState();
    if (hash === location.hash || (hash === "#" && !location.hash)) return;
    try {
      history[push ? "pushState" : "replaceState"](null, "", hash === "#" ? location.pathname + location.search : hash);
    } catch (refused) { /* an opaque origin keeps its URL */ }
  }

  function rangeOf(text) {
    const found = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text || "");
    const from = found ? found[1] * 1e9 : NaN, to = found ? found[2] * 1e9 : NaN;
    return from < to && from < ml.runLength ? { from, to: Math.min(to, ml.runLength) } : null;
  }

  // What cannot be used is left out, and said.
  function readHash() {
    const text = location.hash.slice(1), found = Object.assign({}, EMPTY);
    if (text && !text.includes("=")) return false;
    const parts = new URLSearchParams(text), range = rangeOf(parts.get("t"));
    const number = Number((parts.get("f") || "").slice(1) || NaN);
    if (range) Object.assign(found, range);
    found.fn = Number.isInteger(number) && number >= 0 && number < ml.functionCount ? number : -1;
    found.box = /^t\d+\.\d+$/.test(parts.get("b") || "") ? parts.get("b") : "";
    found.measure = ["running", "wall", "cpu"].includes(parts.get("m")) ? parts.get("m") : "running";
    found.level = LEVELS.includes(parts.get("lv")) ? parts.get("lv") : "";
    found.query = parts.get("q") || "";
    found.text = parts.get("lq") || "";
    found.at = parts.get("s") || "";
    for (const key of ["z", "n", "i"]) found[KEYS[key]] = /^\d{1,9}$/.test(parts.get(key) || "") ? Number(parts.get(key)) : 0;
    if (parts.get("t") && !range) ml.toast("The range of time in the address is not within this run; all of it is shown.");
    Object.assign(state, found);
    ml.touch(...Object.keys(EMPTY));
    const section = found.at && ml.section(found.at);
    if (section) section.scrollIntoView();
    return true;
  }

  ml.startState = function (length, functions) {
    ml.runLength = length;
    ml.functionCount = functions;
    readHash();
    addEventListener("popstate", readHash);
  };

  // ---- the one range of time

  ml.runLength = 0;
  ml.functionCount = 0;
  ml.view = () => ({ from: state.from, to: Math.min(state.to, ml.runLength) });
  ml.isZoomed = () => state.from > 0 || state.to < ml.runLength;
  ml.setView = function (from, to, push) {
    const length = ml.runLength, least = Math.min(length, 1000);
    const span = Math.min(length, Math.max(least, to - from));
    from = Math.max(0, Math.min(length - span, (from + to - span) / 2));
    ml.set(span >= length ? { from: 0, to: Infinity } : { from, to: from + span }, push);
  };
  ml.zoom = function (factor, center) {
    const { from, to } = ml.view(), at = center === undefined ? (from + to) / 2 : center;
    ml.setView(at - (at - from) * factor, at + (to - at) * factor);
  };
  ml.pan = function (share) {
    const { from, to } = ml.view();
    ml.setView(from + (to - from) * share, to + (to - from) * share);
  };
  ml.reveal = function (from, to) {
    const margin = Math.max((to - from) * 0.15, 1000);
    ml.setView(from - margin, to + margin, true);
  };

  // ---- search: text, or /a regular expression/

  const tests = new Map();
  // A test for what was asked; null: nothing was.
  ml.matcher = function (query) {
    if (!query) return null;
    if (!tests.has(query)) {
      const found = /^\/(.+)\/$/.exec(query), lower = query.toLowerCase();
      let test = (text) => text.toLowerCase().includes(lower);
      try {
        if (found) {
          const expression = new RegExp(found[1], "i");
          test = (text) => expression.test(text);
        }
      } catch (invalid) { ml.toast("Not a regular expression: " + found[1]); test = () => false; }
      tests.set(query, test);
    }
    return tests.get(query);
  };
  ml.searchField = function () {
    const field = ml.el("input.search", { type: "search", placeholder: "Search functions", "aria-label": "Search functions: text, or /regular expression/",
      oninput: () => ml.set({ query: field.value }) });
    field.value = state.query;
    ml.on("query", () => { if (field.value !== state.query) field.value = state.query; });
    return field;
  };

  // ---- keys

  const keys = new Map(), help = [];
  ml.key = function (names, text, act) {
    names.forEach((name) => keys.set(name, act));
    help.push([names, text]);
  };
  const SHOWN = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
  const isEditing = (target) => target instanceof Element && target.matches("input, select, textarea, [contenteditable]");

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isEditing(event.target) && event.key !== "Escape") return;
    const act = keys.get(event.key);
    if (act && act(event) !== false) event.preventDefault();
  });

  const escapes = [];
  // Esc goes out of one thing: the latest that `isIn`.
  ml.escape = (isIn, leave) => escapes.push({ isIn, leave });
  ml.key(["Escape"], "close, go out of one thing", (event) => {
    if (isEditing(event.target)) event.target.blur();
    const found = escapes.find(({ isIn }) => isIn());
    if (found) found.leave();
  });

  // ---- help

  function makeHelp() {
    const panel = ml.el("section.help", { hidden: "", "aria-label": "Keys", tabindex: "-1" });
    const rows = help.map(([names, text]) =>
      ml.el("div", null, ml.el("dt", null, ...names.map((name) => ml.el("kbd", null, SHOWN[name] || name))), ml.el("dd", null, text)));
    panel.append(ml.el("h2", null, "Keys"), ml.el("dl", null, ...rows), ml.button("Close", "Close", () => { panel.hidden = true; }));
    return panel;
  }

  // ---- theme

  function stored(value) {
    try {
      if (value) localStorage.setItem("microlog-theme", value);
      return localStorage.getItem("microlog-theme");
    } catch (refused) {
      return null;
    }
  }

  ml.isDark = function () {
    const theme = root.dataset.theme;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };

  function switchTheme() {
    root.dataset.theme = ml.isDark() ? "light" : "dark";
    stored(root.dataset.theme);
    ml.touch("theme");
  }

  // ---- sections

  function startNavigation() {
    document.querySelector("nav").addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']"), section = link && ml.section(link.hash.slice(1));
      if (!section || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      section.scrollIntoView({ behavior: ml.isStill() ? "auto" : "smooth" });
      section.tabIndex = -1;
      section.focus({ preventScroll: true });
      ml.set({ at: section.id }, true);
    });
  }

  ml.isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Says in a section what went wrong there; the rest of the page lives on.
  ml.fail = function (id, problem) {
    const section = ml.section(id);
    if (section) section.append(ml.el("p.problem", null, problem && problem.message || String(problem)));
  };

  if (stored()) root.dataset.theme = stored() === "dark" ? "dark" : "light";
  const button = document.getElementById("theme");
  button.hidden = false;
  button.addEventListener("click", switchTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => ml.touch("theme"));
  startNavigation();

  ml.startKeys = function () {
    ml.key(["t"], "dark or light", switchTheme);
    ml.key(["?"], "this list", () => { panel.hidden = !panel.hidden; if (!panel.hidden) panel.focus(); });
    const panel = makeHelp();
    escapes.unshift({ isIn: () => !panel.hidden, leave: () => { panel.hidden = true; } });
    button.before(ml.button("?", "Keys", () => { panel.hidden = !panel.hidden; if (!panel.hidden) panel.focus(); }));
    document.body.append(panel);
  };
  document.body.append(live, toast, tip);
})(window.microlog);

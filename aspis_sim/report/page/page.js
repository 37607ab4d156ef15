// The figures of a report, drawn by Plotly from the data that stands in the page. All statistics come with the data;
// here results are only chosen, compared and drawn. User text is set as text, or goes through plain() into a figure.
(() => {
"use strict";

const data = JSON.parse(document.getElementById("study").textContent);
const entries = data.entries;
const all = entries.sheet.map((_, i) => i);
const schemes = data.schemes;
const FACETS = 9, DOTS = 3000, ROWS = window.innerWidth <= 640 ? 12 : 50;
const KINDS = { scheme: schemes.map((s) => s.name), attack: data.attacks, payload: data.payloads,
  ...Object.fromEntries(data.filters.map((one) => [one.key, one.values])) };
const CURVES = { top1: "top-1 % on test data", loss: "loss on test data", train: "training loss" };
const OUTCOME_COLOURS = ["#009e73", "#56b4e9", "#e69f00", "#d55e00", "#999999"];

const at = (id) => document.getElementById(id);
const unique = (values) => [...new Set(values)];
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
  .replace(/\$/g, "&#36;");
const short = (text, most = 34) => plain(text.length > most ? text.slice(0, most - 1) + "…" : text);
/** Texts cut to so many characters that still differ from each other: at the end, else in the middle, else by a number. */
function apart(texts, most) {
  const ways = [(text) => text.slice(0, most - 1) + "…",
    (text) => text.slice(0, Math.floor(most / 2) - 1) + "…" + text.slice(-(most - Math.floor(most / 2)))];
  for (const way of ways) {
    const cut = texts.map((text) => (text.length > most ? way(text) : text));
    if (new Set(cut).size === new Set(texts).size) return cut.map(plain);
  }
  return texts.map((text, k) => plain(text.length > most ? text.slice(0, most - 5) + "… " + (k + 1) : text));
}
const narrow = () => window.innerWidth <= 640;
const figure = (value, digits) => (value === null ? "–" : value.toFixed(digits));
const fraction = (value) => (value === null ? "–" : value === 0 ? "0" : String(Number(value.toPrecision(3))));
const share = (i) =>
  entries.top1[i] === null ? "no result" : figure(entries.top1[i], 1) +
    (entries.low[i] === null ? "" : entries.half[i] !== null ? " ± " + figure(entries.half[i], 1)
      : entries.ranged[i] ? " (" + figure(entries.low[i], 1) + "–" + figure(entries.high[i], 1) + ")"
      : " [" + figure(entries.low[i], 1) + ", " + figure(entries.high[i], 1) + "]");
const SPREAD = "its 95% interval (of fewer than 4 seeds: their range)";
/** How far the spread of top-1 over the seeds reaches above and below its mean. */
const bars = (results, more) => ({ type: "data", symmetric: false, thickness: 1.3, ...more,
  array: results.map((i) => (entries.high[i] ?? entries.top1[i]) - entries.top1[i]),
  arrayminus: results.map((i) => entries.top1[i] - (entries.low[i] ?? entries.top1[i])) });
const chance = () => data.settings[state.context].chance;
const sheetLabel = (sheet) => data.adversaries[data.sheets[sheet][3]];

// ---------------------------------------------------------------- what is chosen, kept in the address

const state = { context: 0, q: null, theme: "system", curve: null, adversary: null, price: null, unknown: [],
  sort: ["scheme", 1], rows: ROWS };

function showAll() {
  for (const [kind, names] of Object.entries(KINDS)) state[kind] = new Set(names.keys());
  state.context = 0; state.q = null; state.curve = null; state.adversary = null; state.price = null;
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function readAddress() {
  showAll();
  state.theme = "system";
  state.unknown = [];
  const asked = [];
  for (const part of location.hash.slice(1).split("&").filter(Boolean)) {
    const cut = part.indexOf("=");
    const key = cut < 0 ? part : part.slice(0, cut);
    const values = cut < 0 ? [] : part.slice(cut + 1).split(",").map(decoded);
    if (key in KINDS) {
      const wanted = values.map((name) => KINDS[key].indexOf(name));
      state.unknown.push(...values.filter((_, i) => wanted[i] < 0));
      state[key] = new Set(wanted.filter((i) => i >= 0));
    } else if (data.choices.some((one) => one.key === key)) {
      const one = data.choices.find((each) => each.key === key);
      if (one.values.includes(values[0])) asked.push([one, one.values.indexOf(values[0])]);
      else state.unknown.push(...values);
    } else if (key === "q" || key === "setting") {
      const number = Number(values[0]);
      if (key === "q") state.q = number;
      else if (number >= 1 && number <= data.contexts.length) state.context = number - 1;
    } else if (key === "theme" && ["light", "dark"].includes(values[0])) state.theme = values[0];
    else if (key === "curve" && values[0] in CURVES) state.curve = values[0];
    else if (!["theme", "curve"].includes(key)) state.unknown.push(decoded(key));
  }
  if (asked.length) state.context = nearest(asked);
}

function writeAddress() {
  const parts = [];
  for (const [kind, names] of Object.entries(KINDS)) {
    if (state[kind].size < names.length)
      parts.push(kind + "=" + [...state[kind]].sort((a, b) => a - b).map((i) => encodeURIComponent(names[i])).join(","));
  }
  if (state.context) parts.push("setting=" + (state.context + 1));
  if (state.q !== null && state.q !== levels().at(-1)) parts.push("q=" + state.q);
  if (state.theme !== "system") parts.push("theme=" + state.theme);
  if (state.curve) parts.push("curve=" + state.curve);
  history.replaceState(null, "", "#" + parts.join("&"));
}

/** The setting that has most of the values asked for, and else most of those that were shown. */
function nearest(asked) {
  const agrees = (k) => asked.filter(([one, value]) => one.of[k] === value).length * 100 +
    data.choices.filter((one) => one.of[k] === one.of[state.context]).length;
  return data.contexts.map((_, k) => k).reduce((best, k) => (agrees(k) > agrees(best) ? k : best));
}

const inContext = () => all.filter((i) => data.sheets[entries.sheet[i]][0] === state.context);
const levels = () => unique(inContext().map((i) => entries.q[i])).sort((a, b) => a - b);

function chosen() {
  return inContext().filter((i) => {
    const [, attack, payload] = data.sheets[entries.sheet[i]];
    return state.scheme.has(entries.scheme[i]) && state.attack.has(attack) && state.payload.has(payload) &&
      data.filters.every((one) => state[one.key].has(entries[one.key][i]));
  });
}

/** Of each group of results the one with the lowest top-1: Map from key to result. */
function worst(results, key) {
  const found = new Map();
  for (const i of results) {
    if (entries.top1[i] === null) continue;
    const k = key(i);
    if (!found.has(k) || entries.top1[i] < entries.top1[found.get(k)]) found.set(k, i);
  }
  return found;
}

const bySchemeAndQ = (results) => worst(results, (i) => entries.scheme[i] + " " + entries.q[i]);

// ---------------------------------------------------------------- how figures look

let printing = false;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

function base(height, more = {}) {
  return {
    height, autosize: true, margin: { l: 56, r: 14, t: 34, b: 48 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("ink") },
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", xanchor: "left", font: { size: 12 } },
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink"), size: 13 }, align: "left" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("soft"), activecolor: colour("ink") },
    hovermode: "closest", dragmode: "zoom", ...more,
  };
}

const axis = (title, more = {}) => ({
  title: { text: title, font: { size: 12.5 }, standoff: 6 }, gridcolor: colour("grid"), linecolor: colour("line"),
  zeroline: false, automargin: true, ticks: "outside", tickcolor: colour("line"), ...more,
});

const percent = (more = {}) => axis("top-1 %", { range: [-3, 103], tickvals: [0, 20, 40, 60, 80, 100], ...more });
const whole = (values, title, more = {}) =>
  axis(title, { range: [values[0] - 0.35, values.at(-1) + 0.35], ...(values.length <= 15 ? { tickvals: values } : {}), ...more });

const pending = [];

/** The legend of a figure, over it as text that wraps: the schemes that are drawn, then what else there is to tell. */
function keys(id, traces, extra) {
  let list = at(id).previousElementSibling;
  if (!list || !list.classList.contains("keys")) {
    list = document.createElement("ul");
    list.className = "keys";
    list.id = id + "-keys";
    at(id).before(list);
  }
  const drawn = unique(traces.map((trace) => trace.legendgroup).filter((group) => group?.startsWith("s"))).map((group) => Number(group.slice(1)));
  list.replaceChildren(...drawn.sort((a, b) => a - b).map((scheme) => key(swatch(schemes[scheme]), schemes[scheme].name)),
    ...extra.map(([mark, text]) => key(sign(mark), text)));
}

function key(mark, text) {
  const item = document.createElement("li"), said = document.createElement("span");
  said.textContent = text;
  item.append(mark, said);
  return item;
}

/** The figure as a file, with a legend inside. */
const saved = { name: "save", title: "Save as SVG", icon: Plotly.Icons.camera, click: (shown) => {
  const layout = { ...shown.layout, showlegend: true, paper_bgcolor: colour("page"), width: shown.clientWidth, height: shown.clientHeight + 60 };
  Plotly.downloadImage({ data: shown.data, layout }, { format: "svg", filename: shown.id, width: layout.width, height: layout.height });
} };

function draw(id, traces, layout, extra = []) {
  // The buttons are named one by one: the usual ones have one that uploads a figure.
  const config = { displaylogo: false, responsive: true, showTips: false, showSendToCloud: false, displayModeBar: true,
    modeBarButtons: [[saved, "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]] };
  at(id).hidden = false;
  keys(id, traces, extra);
  pending.push(Plotly.react(at(id), traces, { ...layout, showlegend: false }, config).then(() => byKeyboard(at(id))));
}

/** The buttons over a figure take the keyboard. */
function byKeyboard(shown) {
  for (const button of shown.querySelectorAll(".modebar-btn")) {
    button.setAttribute("tabindex", "0");
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", button.dataset.title);
    button.onkeydown = (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); button.click(); } };
  }
}

const guess = (x) => (chance() === null ? [] : [{ type: "scatter", mode: "lines", x, y: [chance(), chance()], showlegend: false,
  hoverinfo: "skip", line: { color: colour("soft"), width: 1.3, dash: "dot" } }]);
const guessed = () => (chance() === null ? [] : [["dot", "chance (" + fraction(chance()) + " %)"]]);

function nothing(id, text) {
  Plotly.purge(at(id));
  if (at(id).previousElementSibling?.classList.contains("keys")) at(id).previousElementSibling.replaceChildren();
  at(id).textContent = text;
}

function emptied(id) {
  if (!at(id).classList.contains("js-plotly-plot")) at(id).textContent = "";
}

function line(scheme, more) {
  const { name, colour: fill, marker, dash } = schemes[scheme];
  return { type: "scatter", mode: "lines+markers", name: plain(name), legendgroup: "s" + scheme, line: { color: fill, dash, width: 2 },
    marker: { color: fill, symbol: marker, size: 8 }, hoverinfo: "text", ...more };
}

/** Schemes side by side at the same q, so that their intervals do not hide one another. */
function dodge(shown, span) {
  const step = Math.min(span, 0.6 / Math.max(1, shown.length));
  return (scheme) => (shown.indexOf(scheme) - (shown.length - 1) / 2) * step;
}

function says(i) {
  const counts = [entries.seeds[i] + (entries.seeds[i] === 1 ? " seed" : " seeds")];
  if (entries.failed[i]) counts.push(entries.failed[i] + " failed");
  if (entries.diverged[i]) counts.push(entries.diverged[i] + " diverged");
  return [
    "<b>" + plain(schemes[entries.scheme[i]].name) + "</b>, q=" + entries.q[i],
    plain(sheetLabel(entries.sheet[i])),
    "top-1 " + share(i) + " % (" + counts.join(", ") + ")",
    "ε " + fraction(entries.measured[i]) + (entries.theory[i] === null ? "" : ", published " + fraction(entries.theory[i])),
  ].join("<br>");
}

function accuracyTraces(results, shown, span) {
  const shift = dodge(shown, span);
  return shown.flatMap((scheme) => {
    const mine = results.filter((i) => entries.scheme[i] === scheme && entries.top1[i] !== null)
      .sort((a, b) => entries.q[a] - entries.q[b]);
    if (!mine.length) return [];
    return [line(scheme, {
      x: mine.map((i) => entries.q[i] + shift(scheme)), y: mine.map((i) => entries.top1[i]), text: mine.map(says),
      error_y: bars(mine, { width: 3, color: schemes[scheme].colour }),
    })];
  });
}

/** One small figure for each sheet, on shared scales; says how many are left out. */
function facets(id, saysId, sheets, tracesOf, x, y, extra = [], titleOf = sheetLabel) {
  const kept = sheets.slice(0, FACETS);
  at(saysId).textContent = sheets.length > kept.length
    ? kept.length + " of " + sheets.length + " adversaries are shown; choose attacks and payloads in the filters." : "";
  emptied(id);
  const width = at(id).clientWidth || 1000;
  const columns = Math.min(kept.length, width < 560 ? 1 : width < 900 || kept.length === 4 ? 2 : 3);
  const rows = Math.ceil(kept.length / columns);
  const height = rows * 265 + 70;
  const layout = base(height, { annotations: [], margin: { l: 56, r: 14, t: 60, b: 48 } });
  const gapX = 0.055, gapY = rows > 1 ? 62 / (height - 108) : 0;
  const w = (1 - gapX * (columns - 1)) / columns, h = (1 - gapY * (rows - 1)) / rows;
  const traces = [], met = new Set();
  const titles = apart(kept.map(titleOf), Math.max(8, Math.floor(((width - 70) * w) / 8)));
  kept.forEach((sheet, k) => {
    const suffix = k ? String(k + 1) : "", row = Math.floor(k / columns), column = k % columns;
    const left = column * (w + gapX), top = 1 - row * (h + gapY);
    const last = k + columns >= kept.length;
    layout["xaxis" + suffix] = { ...x, title: last ? x.title : undefined, domain: [left, left + w], anchor: "y" + suffix };
    layout["yaxis" + suffix] = { ...y, title: column ? undefined : y.title, domain: [Math.max(0, top - h), Math.min(1, top)],
      anchor: "x" + suffix, showticklabels: !column };
    layout.annotations.push({ text: titles[k], showarrow: false, xref: "paper", yref: "paper", x: left, y: top, xanchor: "left",
      yanchor: "bottom", font: { size: 12.5 }, hovertext: plain(titleOf(sheet)) });
    for (const trace of tracesOf(sheet)) {
      const first = trace.showlegend !== false && !met.has(trace.legendgroup);
      if (first) met.add(trace.legendgroup);
      traces.push({ ...trace, xaxis: "x" + suffix, yaxis: "y" + suffix, showlegend: first });
    }
  });
  draw(id, traces, layout, extra);
}

// ---------------------------------------------------------------- the figures

/** Says which schemes have met fewer adversaries than others, so that their worst case says less. */
function fewer(view) {
  const met = view.schemes.map((scheme) => unique(view.results.filter((i) => entries.scheme[i] === scheme)
    .map((i) => entries.sheet[i])).length);
  const names = view.schemes.map((scheme, k) => [schemes[scheme].name, met[k]]).filter(([, count]) => count < view.sheets.length);
  if (!names.length) return "";
  const some = names.slice(0, 6).map(([name, count]) => name + " against " + count);
  return " Not all ran against all: " + some.join(", ") + (names.length > 6 ? " and " + (names.length - 6) + " more" : "") + ".";
}

function drawAccuracy(view) {
  const several = view.sheets.length > 1;
  at("accuracy-says").textContent = several
    ? "Top-1 on test data under the worst of the " + view.sheets.length +
      " adversaries in the filter (hover names it), mean over the seeds with " + SPREAD + "." + fewer(view)
    : "Top-1 on test data, mean over the seeds with " + SPREAD + ".";
  const lowest = [...bySchemeAndQ(view.results).values()], ends = [view.q[0] - 1, view.q.at(-1) + 1];
  draw("accuracy-plot", [...guess(ends), ...accuracyTraces(lowest, view.schemes, 0.006 * (view.q.at(-1) - view.q[0] + 1))],
    base(380, { xaxis: whole(view.q, "Byzantine workers q"), yaxis: percent() }), guessed());
  at("accuracy-each").hidden = !several;
  if (several)
    facets("accuracy-facets", "accuracy-left", view.sheets, (sheet) => [...guess(ends), ...accuracyTraces(withUnattacked(view, sheet),
      view.schemes, 0.014 * (view.q.at(-1) - view.q[0] + 1))], whole(view.q, "q"), percent(), guessed());
}

/** The results of a sheet, with what ran at q=0 under another attack: without Byzantine workers these are the same. */
function withUnattacked(view, sheet) {
  const mine = view.of(sheet), has = new Set(mine.filter((i) => entries.q[i] === 0).map((i) => entries.scheme[i]));
  const quiet = (one) => data.sheets[one][5];
  const others = view.results.filter((i) => entries.q[i] === 0 && quiet(entries.sheet[i]) === quiet(sheet) && !has.has(entries.scheme[i]));
  return [...mine, ...worst(others, (i) => entries.scheme[i]).values()];
}

/** At most so many of the results, the same ones each time, in no pattern that schemes or q could fall in with. */
function scattered(results, most) {
  if (results.length <= most) return results;
  const key = (i) => Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 0;
  return [...results].sort((a, b) => key(a) - key(b)).slice(0, most);
}

function drawDistortion(view) {
  const known = view.results.filter((i) => entries.measured[i] !== null);
  const top = Math.max(0.02, ...known.map((i) => Math.max(entries.measured[i], entries.theory[i] ?? 0))) * 1.08;
  const group = (sheet) => data.sheets[sheet][4];
  const firsts = view.sheets.filter((sheet, k) => view.sheets.findIndex((other) => group(other) === group(sheet)) === k);
  const ofGroup = (sheet) => {
    const found = new Map();
    for (const i of known) {
      const k = entries.scheme[i] + " " + entries.q[i];
      if (group(entries.sheet[i]) === group(sheet) && !found.has(k)) found.set(k, i);
    }
    return [...found.values()];
  };
  const published_ = known.some((i) => entries.theory[i] !== null);
  at("distortion-published").hidden = !published_;
  at("diagonal").hidden = !published_;
  const shift = dodge(view.schemes, 0.012 * (view.q.at(-1) - view.q[0] + 1));
  facets("distortion-facets", "distortion-left", firsts, (sheet) => view.schemes.flatMap((scheme) => {
    const mine = ofGroup(sheet).filter((i) => entries.scheme[i] === scheme).sort((a, b) => entries.q[a] - entries.q[b]);
    const measured = mine.filter((i) => entries.measured[i] !== null);
    const x = (list) => list.map((i) => entries.q[i] + shift(scheme));
    const published = mine.filter((i) => entries.theory[i] !== null);
    return !mine.length ? [] : [
      ...(!published.length ? [] : [line(scheme, { mode: "lines", x: x(published), y: published.map((i) => entries.theory[i]), text: published.map(says),
        line: { color: schemes[scheme].colour, dash: "dash", width: 1.5 }, showlegend: false })]),
      line(scheme, { mode: "markers", x: x(measured), y: measured.map((i) => entries.measured[i]), text: measured.map(says) }),
    ];
  }), whole(view.q, "q"), axis("ε", { range: [-0.03 * top, top] }), published_ ? [["disc", "measured"], ["dash", "published"]] : [],
    (sheet) => data.alike[group(sheet)]);
  if (!published_) return;

  const both = known.filter((i) => entries.theory[i] !== null);
  const dots = scattered(both, DOTS);
  at("diagonal-left").textContent = dots.length < both.length
    ? dots.length.toLocaleString("en") + " of " + both.length.toLocaleString("en") + " results are shown, drawn at random." : "";
  const diagonal = { type: "scatter", mode: "lines", x: [0, top], y: [0, top], line: { color: colour("soft"), width: 1, dash: "dot" },
    hoverinfo: "skip", showlegend: false };
  draw("diagonal-plot", [diagonal, ...view.schemes.flatMap((scheme) => {
    const mine = dots.filter((i) => entries.scheme[i] === scheme);
    return mine.length ? [line(scheme, { mode: "markers", x: mine.map((i) => entries.theory[i]), y: mine.map((i) => entries.measured[i]),
      text: mine.map(says) })] : [];
  })], base(420, { xaxis: axis("ε published", { range: [-0.03 * top, top] }), yaxis: axis("ε measured", { range: [-0.03 * top, top] }),
 }), [["dot", "as published"]]);
}

/** Where a row is lowest, to the digit that is shown; nowhere if it is the same throughout. */
function lowestOf(row) {
  const digits = row.map((value) => (value === null ? Infinity : Math.round(10 * value)));
  const least = Math.min(...digits);
  return digits.every((value) => value === least || value === Infinity) ? [] : [...digits.keys()].filter((k) => digits[k] === least);
}

/** Results by scheme and column; each row's lowest is framed and, with several columns, stands again at the end. */
function heatmap(id, view, columns, titles, cellOf, xTitle, worstOf) {
  const rows = [...view.schemes].reverse();
  const cells = rows.map((scheme) => columns.map((column) => cellOf(scheme, column) ?? null));
  const first = cells.map((row) => row.map((i) => (i === null ? null : entries.top1[i])));
  const lowest = first.map(lowestOf), several = columns.length > 1, n = columns.length;
  const least = (row) => row.reduce((best, i) => (i === null || entries.top1[i] === null ||
    (best !== null && entries.top1[best] <= entries.top1[i]) ? best : i), null);
  const whole_ = cells.map((row) => (several ? [...row, least(row)] : row));
  const z = whole_.map((row) => row.map((i) => (i === null ? null : entries.top1[i])));
  const roomy = n <= 20;
  const width = at(id).clientWidth || 1000;
  const named = n <= 40;
  const names = apart(rows.map((scheme) => schemes[scheme].name), Math.max(10, Math.floor((0.3 * width) / 7.5)));
  const each = (width - 130 - 7.5 * Math.max(...names.map((name) => name.length))) / (n + several);
  const upright = titles.every((title) => title.length * 7.5 < each);
  const heads = [...(upright ? titles.map(plain) : apart(titles, 24)), ...(several ? ["worst"] : [])];
  const slanted = named && !upright;
  const x = heads.map((_, k) => k);
  const trace = { type: "heatmap", x, z, zmin: 0, zmax: 100, colorscale: "Cividis", xgap: 2, ygap: 2, hoverongaps: false, hoverinfo: "text",
    hovertext: whole_.map((row) => row.map((i) => (i === null ? "" : says(i)))),
    showscale: width >= 560, colorbar: { title: { text: "top-1 %", side: "right" }, thickness: 12, outlinewidth: 0 } };
  const spots = z.flatMap((row, r) => row.map((value, k) => [value, k, r]).filter(([value]) => value !== null));
  const digits = each < 40 ? 0 : 1, marked = each >= 62;
  const numbers = { type: "scatter", mode: "text", x: spots.map(([, k]) => x[k]), y: spots.map(([, , r]) => r), hoverinfo: "skip",
    showlegend: false, text: spots.map(([value, k, r]) => (value > 99.95 ? "100" : value.toFixed(digits)) +
      (marked && lowest[r].includes(k) ? " ▼" : "")),
    textfont: { size: each < 45 || n > 12 ? 10 : 12, color: spots.map(([value]) => (value < 55 ? "#ffffff" : "#000000")) } };
  const frames = lowest.flatMap((worst_, r) => worst_.map((k) => ({ type: "rect", xref: "x", yref: "y", x0: k - 0.48, x1: k + 0.48,
    y0: r - 0.46, y1: r + 0.46, line: { color: "#d55e00", width: 2.5 } })));
  if (several) frames.unshift({ type: "line", xref: "x", yref: "paper", x0: n - 0.5, x1: n - 0.5, y0: 0, y1: 1, line: { color: colour("page"), width: 8 } });
  draw(id, roomy ? [trace, numbers] : [trace], base(88 + rows.length * 38 + (slanted ? 40 + 6.5 * Math.max(...heads.map((head) => head.length)) : 20), { shapes: frames, margin: { l: 60, r: 10, t: 32, b: 50 },
    xaxis: axis(named ? xTitle : n + " columns, named by hover", { tickvals: named ? x : [],
      ticktext: named ? heads : [], showgrid: false,
      tickangle: slanted ? -90 : 0, range: [-0.5, x.at(-1) + 0.5] }),
    yaxis: axis("", { tickvals: rows.map((_, r) => r), ticktext: names, showgrid: false,
      range: [-0.5, rows.length - 0.5] }) }), lowest.some((row) => row.length) ? [["frame", "worst " + worstOf + " of the scheme"]] : []);
}

function drawHeat(view) {
  const several = view.sheets.length > 1;
  at("heat-adversaries").hidden = !several;
  if (several) {
    const cell = new Map(view.atQ.map((i) => [entries.scheme[i] + " " + entries.sheet[i], i]));
    heatmap("heat-adversaries-plot", view, view.sheets, view.sheets.map(sheetLabel), (scheme, sheet) => cell.get(scheme + " " + sheet), "", "adversary");
  }
  const lowest = bySchemeAndQ(view.results);
  heatmap("heat-q-plot", view, view.q, view.q.map(String), (scheme, q) => lowest.get(scheme + " " + q),
    "Byzantine workers q", "q");
}

const kindsOf = (runs) => Object.keys(CURVES).filter((kind) => runs.some((run) => run[kind][1].some((value) => value !== null)));

/** A mean over the seeds by step, and its spread as an area behind it; a logarithm has no 0. */
function band(scheme, run, kind) {
  const floor = kind === "top1" ? -Infinity : 0;
  const points = run[kind][0].map((step, k) => [step, ...[1, 2, 3].map((part) => run[kind][part][k])])
    .filter(([, mean]) => mean !== null && mean > floor);
  const [x, y] = [points.map(([step]) => step), points.map(([, mean]) => mean)];
  const low = points.map(([, mean, least]) => (least === null ? mean : floor === 0 ? Math.max(least, 0.1 * mean) : least));
  const high = points.map(([, mean, , most]) => most ?? mean);
  const { name, colour: fill, marker, dash } = schemes[scheme];
  const area = { type: "scatter", mode: "lines", x: [...x, ...[...x].reverse()], y: [...high, ...low.reverse()], fill: "toself",
    fillcolor: fill + "2e", line: { width: 0 }, hoverinfo: "skip", showlegend: false };
  return [...(run.seeds.length > 1 && x.length > 1 ? [area] : []), line(scheme, { x, y, line: { color: fill, dash, width: 1.8 },
    marker: { color: fill, symbol: marker, size: 6, maxdisplayed: 6 },
    text: points.map(([step, mean, least, most]) => "<b>" + plain(name) + "</b>, " + run.seeds.length + (run.seeds.length > 1 ? " seeds" : " seed") +
      "<br>step " + step + ": " + fraction(mean) + (run.seeds.length > 1 ? " (" + fraction(least) + "–" + fraction(most) + ")" : "")) })];
}

function drawCurves(view) {
  const withRuns = view.atQ.filter((i) => entries.run[i] !== null);
  const kinds = kindsOf(withRuns.map((i) => data.runs[entries.run[i]]));
  const kind = kinds.includes(state.curve) ? state.curve : kinds[0];
  options(at("curve"), Object.keys(CURVES).filter((name) => kinds.includes(name)).map((name) => [name, CURVES[name]]), kind);
  if (!kind) return nothing("curves-plot", "No curves are kept for what the filters show.");
  const sheets = view.sheets.filter((sheet) => withRuns.some((i) => entries.sheet[i] === sheet));
  const steps = Math.max(...withRuns.map((i) => data.runs[entries.run[i]][kind][0].at(-1) ?? 0));
  const several = withRuns.some((i) => data.runs[entries.run[i]].seeds.length > 1);
  const scored = kind === "top1";
  return facets("curves-plot", "curves-left", sheets, (sheet) => [...(scored ? guess([0, steps]) : []),
    ...withRuns.filter((i) => entries.sheet[i] === sheet).flatMap((i) => band(entries.scheme[i], data.runs[entries.run[i]], kind))],
    axis("step", { range: [0, steps * 1.02] }), scored ? percent() : axis(CURVES[kind], { type: "log" }),
    [...(several ? [["area", "spread over the seeds"]] : []), ...(scored ? guessed() : [])]);
}

function drawTimeline(view) {
  const judged = view.atQ.filter((i) => entries.run[i] !== null && entries.detected[i] !== null);
  const sheets = view.sheets.filter((sheet) => judged.some((i) => entries.sheet[i] === sheet));
  const eventful = (sheet) => judged.some((i) => entries.sheet[i] === sheet && entries.detected[i] + entries.accused[i] > 0);
  const sheet = sheets.includes(state.adversary) ? state.adversary : sheets.find(eventful) ?? sheets[0];
  options(at("adversary"), sheets.map((s) => [String(s), sheetLabel(s)]), String(sheet));
  const mine = judged.filter((i) => entries.sheet[i] === sheet).reverse();
  at("timeline-left").textContent = mine.length < view.schemes.length
    ? "Schemes that detect nothing, or whose steps are not kept, are left out." : "";
  if (!mine.length) return nothing("timeline-plot", "No steps of a scheme with detection are kept for what the filters show.");
  emptied("timeline-plot");
  const runs = mine.map((i) => data.runs[entries.run[i]]);
  const end = Math.max(...runs.map((run) => run.end));
  const edges = unique(runs.flatMap((run) => run.outcome[0])).sort((a, b) => a - b);
  const value = ([starts, values], step) => values[starts.findLastIndex((start) => start <= step)];
  const z = runs.map((run) => edges.map((step) => value(run.outcome, step)));
  const names = data.outcomes, n = names.length;
  const scale = names.flatMap((_, k) => [[k / n, OUTCOME_COLOURS[k]], [(k + 1) / n, OUTCOME_COLOURS[k]]]);
  const bounds = [...edges, end + 1].map((edge) => edge - 0.5);
  const strip = { type: "heatmap", x: bounds, y: mine.map((_, k) => k), z, zmin: -0.5, zmax: n - 0.5, colorscale: scale, ygap: 4, hoverinfo: "text",
    hovertext: z.map((row, r) => row.map((k, c) => "<b>" + plain(schemes[entries.scheme[mine[r]]].name) + "</b>, seed " + runs[r].seeds[0] +
      "<br>steps " + edges[c] + " to " + ((edges[c + 1] ?? end + 1) - 1) + ": " + plain(names[k]))),
    showscale: false };
  const met = unique(z.flat()).sort((a, b) => a - b);
  const aside = (r) => 0.07 * (r - (mine.length - 1) / 2);
  const excluded = mine.flatMap((i, r) => [["byzantine", "Byzantine", "solid"], ["honest", "honest", "dot"]].flatMap(([who, name, dash]) => {
    const [starts, values] = runs[r][who], scheme = entries.scheme[i];
    if (who === "honest" && !values.some((value) => value > 0)) return [];
    return [line(scheme, { mode: "lines", x: [...starts, end], y: [...values, values.at(-1)].map((value) => value + aside(r)), xaxis: "x2", yaxis: "y2",
      line: { color: schemes[scheme].colour, dash, width: 2, shape: "hv" }, showlegend: dash === "solid",
      text: [...starts, end].map((step, k) => "<b>" + plain(schemes[scheme].name) + "</b><br>from step " + step + ": " +
        fraction(values[Math.min(k, values.length - 1)]) + " " + name + " workers excluded") })];
  }));
  const accused = excluded.some((trace) => trace.line.dash === "dot");
  const most = Math.max(view.level, ...runs.flatMap((run) => [...run.byzantine[1], ...run.honest[1]]));
  const span = { range: [0.5, end + 0.5] };
  const height = 330 + mine.length * 38, share_ = (mine.length * 38) / (height - 82);
  return draw("timeline-plot", [strip, ...excluded], base(height, { margin: { l: 60, r: 10, t: 32, b: 50 },
    xaxis: axis("", { ...span, domain: [0, 1], anchor: "y", showticklabels: false, showgrid: false }),
    yaxis: axis("", { domain: [1 - share_, 1], tickvals: mine.map((_, k) => k), showgrid: false,
      ticktext: apart(mine.map((i) => schemes[entries.scheme[i]].name), narrow() ? 14 : 30) }),
    xaxis2: axis("step", { ...span, domain: [0, 1], anchor: "y2", matches: "x" }),
    yaxis2: axis("workers excluded", { domain: [0, 1 - share_ - 0.07], range: [-0.3, most + 0.5], anchor: "x2" }) }),
    [...met.map((k) => ["box " + OUTCOME_COLOURS[k], "verdict: " + names[k]]), ["line", "Byzantine workers"],
      ...(accused ? [["dot", "honest workers"]] : [])]);
}

function padded(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)], room = 0.08 * (most - least) + 0.1;
  return [least - room, most + room];
}

const PRICES = { samples: "sample gradients computed by all workers", sent: "bytes sent by the workers",
  modelled: "modelled seconds" };

function drawCost(view) {
  const known = Object.keys(PRICES).filter((name) => view.atQ.some((i) => entries[name][i]));
  const name = known.includes(state.price) ? state.price : known[0] ?? "samples";
  const price = entries[name];
  options(at("price"), known.map((one) => [one, PRICES[one]]), name);
  at("price-label").hidden = known.length < 2;
  const priced = view.atQ.filter((i) => price[i]);
  const lowest = worst(priced, (i) => entries.scheme[i]);
  const traces = view.schemes.flatMap((scheme) => {
    if (!lowest.has(scheme)) return [];
    const i = lowest.get(scheme), fill = schemes[scheme].colour;
    const others = priced.filter((k) => entries.scheme[k] === scheme && k !== i && entries.top1[k] !== null).slice(0, 300);
    return [
      line(scheme, { mode: "markers", x: [price[i]], y: [entries.top1[i]], text: [says(i) + "<br>" +
        price[i].toLocaleString("en") + " " + PRICES[name]], marker: { color: fill, symbol: schemes[scheme].marker, size: 14 },
        error_y: bars([i], { width: 4, color: fill }) }),
      line(scheme, { mode: "markers", x: others.map((k) => price[k]), y: others.map((k) => entries.top1[k]), text: others.map(says),
        marker: { color: fill, symbol: schemes[scheme].marker, size: 7, opacity: 0.45 }, showlegend: false }),
    ];
  });
  const reach = padded(priced.map((i) => Math.log10(price[i])));
  draw("cost-plot", [...guess(reach.map((power) => 10 ** power)), ...traces], base(380, { yaxis: percent(),
    xaxis: axis(PRICES[name], { type: "log", exponentformat: "SI", minor: { ticks: "outside", ticklen: 3, tickcolor: colour("line") },
      dtick: 1, range: reach }) }), guessed());
}

// ---------------------------------------------------------------- words and the table

/** Two-sided p of Student's t with a whole number of degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4). */
function studentP(t, freedom) {
  const angle = Math.atan(Math.abs(t) / Math.sqrt(freedom)), cos = Math.cos(angle), odd = freedom % 2;
  let term = odd ? cos : 1, sum = freedom > 1 ? term : 0;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) { term *= cos * cos * (k - 1) / k; sum += term; }
  const inside = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return Math.min(1, Math.max(0, 1 - inside));
}

/** p of the difference between two results over the seeds that both have: the t-test, or where all differences are equal
    the exact sign-flip test; null without a common seed. */
function pairedP(i, k) {
  const other = new Map(data.seed_sets[entries.of[k]].map((seed, at_) => [seed, entries.tops[k][at_]]));
  const differences = data.seed_sets[entries.of[i]].map((seed, at_) => [entries.tops[i][at_], other.get(seed)])
    .filter(([a, b]) => a !== null && b !== null && b !== undefined).map(([a, b]) => a - b);
  const n = differences.length, mean = differences.reduce((sum, one) => sum + one, 0) / n;
  if (!n) return null;
  if (Math.max(...differences) - Math.min(...differences) < 1e-5) return Math.abs(mean) < 1e-5 ? 1 : 2 ** (1 - n);
  const variance = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  return studentP(mean / Math.sqrt(variance / n), n - 1);
}

/** Holm's correction of tests that have a p. */
function holm(tests) {
  const order = tests.filter((one) => one.p !== null).sort((a, b) => a.p - b.p);
  let highest = 0;
  order.forEach((one, rank) => { highest = Math.max(highest, Math.min(1, (order.length - rank) * one.p)); one.p = highest; });
  return order.length;
}

/** The schemes at each q by their worst accuracy, every step of the order with its corrected test. */
function ranking(view) {
  const levels = view.q.map((q) => [...worst(view.results.filter((i) => entries.q[i] === q), (i) => entries.scheme[i]).values()]
    .sort((a, b) => entries.top1[b] - entries.top1[a] || entries.scheme[a] - entries.scheme[b])
    .map((i, k, order) => ({ i, p: k ? pairedP(order[k - 1], i) : null })));
  return { at: new Map(view.q.map((q, k) => [q, levels[k]])), tests: holm(levels.flat()) };
}

function sayHeadline(view) {
  const { at: orders, tests } = ranking(view), order = orders.get(view.level) ?? [];
  const under = view.sheets.length > 1 ? ", each under its worst of " + view.sheets.length + " adversaries" : "";
  const told = order.slice(0, 8).map(({ i, p }, k) => (k ? (p !== null && p <= 0.05 ? " > " : " ~ ") : "") + schemes[entries.scheme[i]].name +
    " " + share(i));
  at("headline").textContent = !order.length ? "Nothing is left by these filters." : "Top-1 % at q=" + view.level + under + ": " +
    told.join("") + (order.length > 8 ? " and " + (order.length - 8) + " more" : "") + "." + fewer(view);
  at("headline").dataset.p = order.slice(1).map(({ p }) => p).join();
  at("headline-says").hidden = order.length < 2;
  at("headline-says").textContent = "Between neighbours, > is a difference that a paired t-test over the seeds shows (p at most 0.05, " +
    "Holm-corrected over the " + tests + " tests at all q of the filter); ~ is one that it does not show.";
}

function saySettings() {
  const { facts, samples } = data.settings[state.context];
  at("settings").replaceChildren(...facts.map(([name, value]) => {
    const item = document.createElement("div"), term = document.createElement("dt"), said = document.createElement("dd");
    term.textContent = name;
    said.textContent = value;
    item.append(term, said);
    return item;
  }));
  const count = (number) => number.toLocaleString("en");
  at("samples").hidden = !samples.length;
  at("samples").textContent = "Samples per step, distinct (computed by all workers): " + samples.slice(0, 12).map(([scheme, , distinct, computed]) =>
    scheme + " " + count(distinct) + " (" + count(computed) + ")").join("; ") + (samples.length > 12 ? " and " + (samples.length - 12) + " more" : "") + ".";
}

const COLUMNS = [
  ["scheme", "scheme", (i) => schemes[entries.scheme[i]].name, entries.scheme],
  ["attack", "attack", (i) => data.attacks[data.sheets[entries.sheet[i]][1]], (i) => data.sheets[entries.sheet[i]][1]],
  ["payload", "payload", (i) => data.payloads[data.sheets[entries.sheet[i]][2]], (i) => data.sheets[entries.sheet[i]][2]],
  ["q", "q", (i) => String(entries.q[i]), entries.q, 1],
  ["top1", "top-1 %", share, entries.top1, 1],
  ["seeds", "seeds", (i) => String(entries.seeds[i]), entries.seeds, 1],
  ["failed", "failed", (i) => String(entries.failed[i] || ""), entries.failed, 1],
  ["measured", "ε measured", (i) => fraction(entries.measured[i]), entries.measured, 1],
  ["theory", "ε published", (i) => fraction(entries.theory[i]), entries.theory, 1],
  ["lost", "lost files", (i) => fraction(entries.lost[i]), entries.lost, 1],
  ["detected", "detection", (i) => fraction(entries.detected[i]), entries.detected, 1],
  ["accused", "false accusation", (i) => fraction(entries.accused[i]), entries.accused, 1],
  ["samples", "samples", (i) => entries.samples[i]?.toLocaleString("en") ?? "–", entries.samples, 1],
];

function drawTable(view) {
  const [key, direction] = state.sort;
  const column = COLUMNS.find(([name]) => name === key);
  const of = typeof column[3] === "function" ? column[3] : (i) => column[3][i];
  const sorted = [...view.results].sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return direction * (x - y) || entries.sheet[a] - entries.sheet[b] || entries.scheme[a] - entries.scheme[b] || entries.q[a] - entries.q[b];
  });
  const head = document.createElement("tr");
  for (const [name, title, , , number] of COLUMNS) {
    const cell = document.createElement("th"), button = document.createElement("button");
    cell.scope = "col";
    cell.className = number ? "number" : "";
    cell.setAttribute("aria-sort", name !== key ? "none" : direction > 0 ? "ascending" : "descending");
    button.type = "button";
    button.textContent = title + (name !== key ? "" : direction > 0 ? " ▲" : " ▼");
    button.addEventListener("click", () => { state.sort = [name, name === key ? -direction : 1]; drawTable(view); });
    cell.append(button);
    head.append(cell);
  }
  at("results").tHead.replaceChildren(head);
  const shown = sorted.slice(0, printing ? 500 : state.rows);
  at("results").tBodies[0].replaceChildren(...shown.map((i) => {
    const row = document.createElement("tr");
    for (const [name, title, text, , number] of COLUMNS) {
      const cell = document.createElement("td");
      cell.className = (number ? "number" : "") + (name === "measured" && !entries.agrees[i] && entries.theory[i] !== null ? " differs" : "");
      cell.dataset.name = title;
      cell.textContent = text(i);
      row.append(cell);
    }
    return row;
  }));
  at("rows-shown").textContent = shown.length + " of " + sorted.length + " rows";
  at("more").hidden = shown.length === sorted.length;
}

// ---------------------------------------------------------------- the controls

function options(select, pairs, value) {
  select.replaceChildren(...pairs.map(([key, text]) => {
    const option = document.createElement("option");
    option.value = key;
    option.textContent = text;
    option.selected = key === value;
    return option;
  }));
  select.disabled = pairs.length < 2;
}

const MARKS = { circle: "M8 3a5 5 0 1 0 .01 0", square: "M3 3h10v10H3z", diamond: "M8 2l6 6-6 6-6-6z", "triangle-up": "M8 2l6 11H2z",
  "triangle-down": "M8 14L2 3h12z", x: "M2 5l3-3 3 3 3-3 3 3-3 3 3 3-3 3-3-3-3 3-3-3 3-3z", cross: "M6 2h4v4h4v4h-4v4H6v-4H2V6h4z",
  star: "M8 1l2 5h5l-4 3.300 1.600 5L8 11.300 3.400 14.300 5 9.300 1 6h5z", pentagon: "M8 2l6 4.500-2.300 7H4.300L2 6.500z",
  hexagon: "M8 2l5.200 3v6L8 14l-5.200-3V5z", "triangle-left": "M2 8l11-6v12z", "triangle-right": "M14 8L3 2v12z" };

function swatch(scheme) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("class", "swatch");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", MARKS[scheme.marker]);
  path.setAttribute("fill", scheme.colour);
  drawing.append(path);
  return drawing;
}

/** What stands in a legend beside the schemes: a line, a disc, an area, a frame or a box of a colour. */
function sign(mark) {
  const [kind, fill] = mark.split(" "), drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 26 16");
  drawing.setAttribute("width", "26");
  drawing.setAttribute("height", "16");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const shapes = { disc: "M13 3a5 5 0 1 0 .01 0", area: "M1 3h24v10H1z", frame: "M2 3h22v10H2z", box: "M5 2h16v12H5z" };
  path.setAttribute("d", shapes[kind] ?? "M0 8h26");
  path.setAttribute("fill", kind === "box" ? fill : kind === "disc" ? "currentColor" : kind === "area" ? "rgba(128,128,128,.35)" : "none");
  if (kind === "frame") path.setAttribute("stroke", "#d55e00");
  else if (!(kind in shapes)) path.setAttribute("stroke", "currentColor");
  path.setAttribute("stroke-width", kind === "frame" ? "2.5" : "2");
  if (kind === "dot") path.setAttribute("stroke-dasharray", "2 4");
  if (kind === "dash") path.setAttribute("stroke-dasharray", "7 4");
  drawing.append(path);
  return drawing;
}

function buildFilters() {
  for (const [kind, names] of Object.entries(KINDS)) {
    names.forEach((name, k) => {
      const label = document.createElement("label"), box = document.createElement("input"), text = document.createElement("span");
      box.type = "checkbox";
      box.value = String(k);
      text.textContent = name;
      box.addEventListener("change", () => {
        state[kind][box.checked ? "add" : "delete"](k);
        changed();
      });
      label.append(box, ...(kind === "scheme" ? [swatch(schemes[k])] : []), text);
      at("filter-" + kind).append(label);
    });
    at("filter-" + kind).hidden = names.length < 2 && kind !== "scheme";
  }
  options(at("context"), data.contexts.map((name, k) => [String(k), name]), "0");
  at("context-label").hidden = data.contexts.length < 2;
  const on = (id, act) => at(id).addEventListener("change", () => { act(at(id).value); changed(); });
  for (const one of data.choices) {
    on("choice-" + one.key, (value) => { state.context = nearest([[one, Number(value)]]); state.q = null; });
  }
  on("context", (value) => { state.context = Number(value); state.q = null; });
  on("q", (value) => { state.q = Number(value); });
  on("theme", (value) => { state.theme = value; });
  on("curve", (value) => { state.curve = value; });
  on("adversary", (value) => { state.adversary = Number(value); });
  on("price", (value) => { state.price = value; });
  at("reset").addEventListener("click", () => { showAll(); state.unknown = []; changed(); });
  at("more").addEventListener("click", () => { state.rows += 5 * ROWS; drawTable(viewed()); });
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  if (window.innerWidth <= 640) at("filter-box").open = false;
}

function viewed() {
  const results = chosen(), q = levels();
  if (!q.includes(state.q)) state.q = q.at(-1);
  const sheets = unique(results.map((i) => entries.sheet[i]));
  const grouped = new Map(sheets.map((sheet) => [sheet, []]));
  for (const i of results) grouped.get(entries.sheet[i]).push(i);
  return { results, q, level: state.q, sheets, schemes: unique(results.map((i) => entries.scheme[i])).sort((a, b) => a - b),
    of: (sheet) => grouped.get(sheet), atQ: results.filter((i) => entries.q[i] === state.q) };
}

function show() {
  if (state.theme === "system" && !printing) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = printing ? "light" : state.theme;
  const view = viewed();
  for (const kind of Object.keys(KINDS))
    for (const box of at("filter-" + kind).querySelectorAll("input")) box.checked = state[kind].has(Number(box.value));
  at("context").value = String(state.context);
  for (const one of data.choices)
    options(at("choice-" + one.key), one.values.map((value, k) => [String(k), value]), String(one.of[state.context]));
  saySettings();
  at("theme").value = state.theme;
  options(at("q"), view.q.map((q) => [String(q), String(q)]), String(state.q));
  for (const place of document.querySelectorAll(".q-shown")) place.textContent = "q=" + view.level;
  at("status").textContent = view.results.length.toLocaleString("en") + " of " + all.length.toLocaleString("en") + " results" +
    (state.unknown.length ? "; the address asks for what is not in this study: " + state.unknown.join(", ") : "");
  sayHeadline(view);
  for (const section of ["accuracy", "distortion", "heat", "cost", "table"]) at(section).hidden = !view.results.length;
  for (const section of ["curves", "timeline"]) at(section).hidden = !data.runs.length || !view.results.length;
  if (view.results.length) {
    drawAccuracy(view);
    drawDistortion(view);
    drawHeat(view);
    drawCost(view);
    drawTable(view);
    if (data.runs.length) { drawCurves(view); drawTimeline(view); }
  }
  return Promise.all(pending.splice(0)).then(() => { document.body.dataset.ready = String(view.results.length); });
}

function changed() {
  state.rows = ROWS;
  viewed();
  writeAddress();
  show();
}

buildFilters();
readAddress();
window.addEventListener("hashchange", () => { readAddress(); show(); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
window.addEventListener("beforeprint", () => { printing = true; show(); });
window.addEventListener("afterprint", () => { printing = false; show(); });
let width = window.innerWidth, timer = 0;
window.addEventListener("resize", () => {
  clearTimeout(timer);
  timer = setTimeout(() => { if (window.innerWidth !== width) { width = window.innerWidth; show(); } }, 200);
});
show();
})();

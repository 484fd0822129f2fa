// The chart's dates on one line that ends on the day of asking, over the bands that the rules cut the length of pain into.

import { number, put, s } from "./dom.js";

const WIDTH = 760, LEFT = 92, RIGHT = 18, TOP = 34, ROW = 34, LANES = ["conditions", "scores", "procedures", "orders"];
const DAY = 86400000;

export function drawTimeline(timeline, open) {
  const today = Date.parse(timeline.today);
  const lanes = LANES.filter((lane) => timeline.events.some((event) => event.lane === lane));
  const before = (day) => Math.max(0, (today - Date.parse(day)) / DAY);
  const furthest = Math.max(100, ...timeline.events.map((event) => before(event.start)));
  // Days near the day of asking decide most, so the scale is that of the root: yesterday is wide, ten years ago is not.
  const x = (days) => WIDTH - RIGHT - (WIDTH - LEFT - RIGHT) * Math.sqrt(Math.min(days, furthest) / furthest);
  const height = TOP + Math.max(1, lanes.length) * ROW + 26;
  const parts = [...bands(timeline.bands, x, height), ...ticks(furthest, x, height)];
  lanes.forEach((lane, row) => {
    const y = TOP + row * ROW + ROW / 2;
    parts.push(s("text", { x: 8, y: y + 4, class: "lane" }, lane));
    timeline.events.filter((event) => event.lane === lane).forEach((event) => parts.push(mark(event, x, y, before, open)));
  });
  if (!lanes.length) parts.push(s("text", { x: WIDTH / 2, y: TOP + 22, class: "lane", "text-anchor": "middle" }, "No resource with a date"));
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "group", "aria-label": `Timeline that ends on ${timeline.today}` }, parts);
  put("timeline", picture);
  if (timeline.left_out) document.getElementById("timeline").append(`${timeline.left_out} older dates are not drawn.`);
}

function bands(cuts, x, height) {
  const ends = [0, ...cuts.map((cut) => cut.from)];
  return ends.map((from, place) => {
    const until = ends[place + 1];
    const left = until === undefined ? LEFT : Math.max(LEFT, x(until));
    const words = until === undefined ? `${number(from)} days and more` : place ? `${number(from)}` : `under ${number(until)} days`;
    return s("g", {}, s("rect", { x: left, y: TOP - 12, width: Math.max(0, x(from) - left), height: height - TOP - 10, class: `band band${place % 4}` }),
      s("text", { x: x(from) - 4, y: 16, class: "cut", "text-anchor": "end" }, place || until === undefined ? `${number(from)} d` : ""),
      s("title", {}, words));
  });
}

function ticks(furthest, x, height) {
  const days = [0, 7, 30, 90, 180, 365, 730, 1825, 3650, 7300, 18250].filter((day) => day <= furthest);
  const name = (day) => (day === 0 ? "asked" : day < 60 ? `${day} d` : day < 365 ? `${Math.round(day / 30)} mo` : `${Math.round(day / 365)} y`);
  let last = WIDTH * 2;
  return days.map((day) => {
    const here = x(day);
    const clear = last - here > 44;
    if (clear) last = here;
    return clear && s("g", { class: "tick" }, s("line", { x1: here, x2: here, y1: height - 22, y2: height - 17 }), s("text", { x: here, y: height - 5, "text-anchor": day === 0 ? "end" : "middle" }, name(day)));
  }).filter(Boolean);
}

function mark(event, x, y, before, open) {
  const start = x(before(event.start));
  const end = event.end ? x(before(event.end)) : event.open ? x(0) : start;
  const words = `${event.label}, ${event.start}${event.end ? ` to ${event.end}` : ""}${event.value === undefined ? "" : `: ${number(event.value)}`}`;
  const shape = event.lane === "conditions"
    ? [s("line", { x1: start, x2: Math.max(end, start + 1), y1: y, y2: y, class: event.end ? "span over" : "span" }), s("circle", { cx: start, cy: y, r: 5, class: "dot" })]
    : event.value === undefined ? [s("rect", { x: start - 5, y: y - 5, width: 10, height: 10, rx: 2, class: "dot" })]
      : [s("circle", { cx: start, cy: y, r: 11, class: "score" }), s("text", { x: start, y: y + 4, "text-anchor": "middle", class: "value" }, number(event.value))];
  const go = () => open(event.resource);
  return s("g", { class: "event", tabindex: 0, role: "button", "aria-label": words, onclick: go, onkeydown: (key) => { if (key.key === "Enter" || key.key === " ") { key.preventDefault(); go(); } } },
    s("title", {}, words), shape);
}

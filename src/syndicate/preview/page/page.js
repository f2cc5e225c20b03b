// Shows new versions of the issue without scrolling the author's view.
"use strict";

const $ = (selector) => document.querySelector(selector);
const stage = $("#stage");
const frames = [...document.querySelectorAll("iframe")];
let version = 0; // of what is shown
let news = null; // the connection that announces new versions

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// -- the email --------------------------------------------------------------------------------

function isShown(frame) {
  return frame.closest("figure").checkVisibility() && !stage.hidden;
}

// Replaces the document of a frame in one step: no flash, and the scroll position stays.
async function refreshFrame(frame) {
  if (!isShown(frame) || frame.dataset.version === String(version)) return;
  frame.dataset.version = String(version);
  const response = await fetch(`${frame.dataset.scheme}.html`);
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  await loaded.get(frame);
  const page = frame.contentDocument;
  const { scrollX, scrollY } = frame.contentWindow;
  page.replaceChild(page.importNode(fresh.documentElement, true), page.documentElement);
  frame.contentWindow.scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
}

const loaded = new Map(
  frames.map((frame) => [frame, new Promise((done) => (frame.onload = done))]),
);
frames.forEach((frame) => (frame.src = "frame.html"));

// -- facts about it ---------------------------------------------------------------------------

function finding({ level, rule, message, path, line, hint }) {
  const item = element("li");
  if (path) item.append(element("span", "place", line ? `${path}:${line}` : path));
  item.append(element("span", `level ${level}`, level), ` ${message} `);
  if (rule) item.append(element("span", "rule", rule));
  if (hint) item.append(element("p", "hint", hint));
  return item;
}

function kilobytes(bytes) {
  return bytes < 1024 ? `${bytes} bytes` : `${Number((bytes / 1024).toFixed(1))} KB`;
}

function size({ name, bytes, aim, limit }) {
  const row = element("div");
  row.append(element("dt", "", name), element("dd", "", kilobytes(bytes)));
  if (limit) {
    const meter = element("meter");
    Object.assign(meter, { min: 0, max: limit, high: aim || limit, optimum: 0, value: bytes });
    meter.setAttribute("aria-label", `${name}: ${kilobytes(bytes)} of ${kilobytes(limit)}`);
    const note = aim ? `at most ${kilobytes(limit)}, better ${kilobytes(aim)}` : `at most ${kilobytes(limit)}`;
    row.append(meter, element("p", "most", note));
  }
  return row;
}

function header({ name, value, sent }) {
  const row = element("div");
  const shown = element("dd", "", value);
  if (sent !== value) shown.append(element("span", "sent", sent));
  row.append(element("dt", "", name), shown);
  return row;
}

function article({ title, url, path, shortened }) {
  const item = element("li");
  const link = element("a", "", title);
  Object.assign(link, { href: url, target: "_blank", rel: "noopener", dir: "auto" });
  item.append(link, element("span", "path", path));
  if (shortened) item.append(element("span", "level warning", "shortened to its summary"));
  return item;
}

function fill(selector, rows) {
  $(selector).replaceChildren(...rows);
}

function showNewsletters(newsletters, here) {
  const links = Object.entries(newsletters).map(([name, title]) => {
    const link = element("a", "", title);
    link.href = `/${name}/`;
    if (name === here) link.setAttribute("aria-current", "page");
    return link;
  });
  $("#newsletters").hidden = links.length < 2;
  fill("#newsletters", links);
}

function showPreview(preview, faults) {
  const made = preview.articles.length > 0;
  $("#inbox").hidden = stage.hidden = !made;
  $("#nothing").hidden = made;
  fill("#nothing div", preview.empty.map((why) => element("p", "", why)));
  $("#inbox .initial").textContent = [...preview.sender.replace(/^["'\s]+/, "")][0] ?? "";
  $("#inbox .sender").textContent = preview.sender.replace(/\s*<[^<]*>$/, "");
  $("#inbox .subject").textContent = preview.subject;
  $("#inbox .preheader").textContent = preview.preheader;
  $("#text").textContent = preview.text;
  $("#count").textContent = preview.findings.length || "";
  $("#number").textContent = preview.articles.length || "";
  const fine = element("li", "fine", faults.length ? "No other problems." : "No problems found.");
  fill("#findings", preview.findings.length ? preview.findings.map(finding) : [fine]);
  fill("#sizes", preview.sizes.map(size));
  fill("#articles", preview.articles.map(article));
  fill("#headers", preview.headers.map(header));
}

function showStatus(text, kind) {
  $("#status").textContent = text;
  $("#status").className = kind;
}

async function refresh() {
  const response = await fetch("preview.json");
  if (!response.ok) return;
  const { version: current, newsletters, preview, faults } = await response.json();
  version = current;
  const here = location.pathname.split("/")[1];
  const title = newsletters[here] ?? here;
  document.title = preview?.subject ? `${preview.subject} (preview)` : `${title} (preview)`;
  $("#title").textContent = title;
  showNewsletters(newsletters, here);
  document.body.classList.toggle("stale", faults.length > 0);
  $("#trouble").hidden = faults.length === 0;
  fill("#trouble ul", faults.map(finding));
  $("#trouble .aside").hidden = !preview?.articles.length;
  if (preview) showPreview(preview, faults);
  await Promise.all(frames.map(refreshFrame));
  const time = new Date().toLocaleTimeString([], { timeStyle: "medium" });
  if (faults.length) showStatus("Problems found", "bad");
  else showStatus(`Up to date, ${time}`, "good");
  document.body.dataset.version = String(current);
}

// -- what to show -----------------------------------------------------------------------------

const buttons = [...document.querySelectorAll("[data-show]")];

function choose(name, chosen) {
  stage.classList.toggle(name, chosen);
  const button = buttons.find((each) => each.dataset.show === name);
  button.setAttribute("aria-pressed", String(chosen));
}

for (const button of buttons) {
  const name = button.dataset.show;
  const kept = localStorage.getItem(name);
  choose(name, kept ? kept === "true" : button.getAttribute("aria-pressed") === "true");
  button.addEventListener("click", () => {
    const chosen = button.getAttribute("aria-pressed") !== "true";
    choose(name, chosen);
    localStorage.setItem(name, String(chosen));
    frames.forEach(refreshFrame);
  });
}

// -- the connection: only while the page is visible, so that a hidden one costs nothing ----------

let turn = Promise.resolve(); // one after another

function follow() {
  if (document.hidden) {
    news?.close();
    news = null;
  } else if (!news) {
    news = new EventSource("news");
    news.onmessage = (event) => {
      if (Number(event.data) > 0) turn = turn.then(refresh);
    };
    news.onerror = () => showStatus("The preview has stopped", "bad");
  }
}

document.addEventListener("visibilitychange", follow);
follow();

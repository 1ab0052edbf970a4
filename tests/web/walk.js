// Walks the pages of the demonstration newsroom in a browser: at the widths of a phone and of a desk, light and dark,
// with JavaScript switched off, and takes a picture of each. Then axe-core reads each page, and a serious fault ends
// the walk with 1.
//
//   cd tests/web && npm install && node walk.js ../../target/debug/dateline pictures

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import puppeteer from "puppeteer-core";

const [binary, pictures] = process.argv.slice(2);
if (!pictures) {
  console.error("usage: node walk.js DATELINE PICTURES");
  process.exit(2);
}
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const examples = resolve(import.meta.dirname, "../../config/examples");

// A title and a text that would rather be a program, or turn the page around.
const hostile = {
  url: "https://hostile.example/1",
  title: "<script>document.title='taken'</script>\u202eTalks\u2066 <img src=x onerror=alert(1)>",
  body: `Peace talks <b onmouseover=alert(2)>go on</b>.\n\n${"x".repeat(10_000)}\n\n\u202e${"\u200b".repeat(500)}turned`,
  published_at: "2026-11-22T09:00:00Z",
  authors: ["Ann \u202e\"><svg onload=alert(3)>"],
};
const rightToLeft = {
  url: "https://akhbar.example/1",
  title: "استئناف محادثات السلام في جنيف",
  body: "بدأت جولة جديدة من محادثات السلام في جنيف اليوم.\n\nوقال الوسطاء إن الجانبين اتفقا على وقف إطلاق النار.",
  published_at: "2026-11-22T10:00:00Z",
  lang: "ar",
};

const data = mkdtempSync(join(tmpdir(), "dateline-walk-"));
const run = (...args) => spawnSync(binary, ["--config", join(examples, "demo.toml"), "--data-dir", data, ...args], { encoding: "utf8" });
run("run", "--once", "--force");
run("run", "--once", "--force");
const lines = join(data, "lines.jsonl");
writeFileSync(lines, [hostile, rightToLeft].map((line) => JSON.stringify(line)).join("\n"));
run("import", lines);

const port = await new Promise((done) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const base = `http://127.0.0.1:${port}`;
const environment = { ...process.env, DATELINE_SERVE__LISTEN: `127.0.0.1:${port}`, DATELINE_SERVE__RATE_LIMIT: "0" };
const daemon = spawn(binary, ["--config", join(examples, "demo.toml"), "--data-dir", data, "run"], { env: environment, stdio: "ignore" });
let browser;
let faults = 0;
try {
  await ready();
  browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  mkdirSync(pictures, { recursive: true });
  const pages = await addresses();
  for (const [name, path] of Object.entries(pages)) {
    for (const width of [390, 1280]) {
      for (const scheme of ["light", "dark"]) await look(name, path, width, scheme);
    }
    await look(name, path, 320, "light");
    await read(name, path);
  }
} finally {
  await browser?.close();
  const ended = new Promise((done) => daemon.once("exit", done));
  daemon.kill();
  await ended;
  rmSync(data, { recursive: true, force: true });
}
console.log(faults ? `${faults} faults` : "no faults");
process.exit(faults ? 1 : 0);

async function ready() {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`${base}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the daemon does not answer");
}

// What there is to see in the newsroom, by its own API.
async function addresses() {
  const api = async (path) => (await fetch(`${base}/api/v1/${path}`)).json();
  const hits = (await api("search?limit=200")).hits;
  const copies = (await api("search?limit=200&copies=true")).hits;
  const copy = copies.find((hit) => hit.duplicate_of);
  const copied = copies.find((hit) => hit.id === copy.duplicate_of);
  const revised = [];
  for (const hit of copies) {
    if ((await api(`articles/${hit.id}`)).revisions.length > 1) revised.push(hit);
  }
  const story = (await api("stories")).stories[0];
  const sources = (await api("sources")).sources;
  const source = sources.find((source) => source.consecutive_failures > 0) ?? sources[0];
  const foreign = hits.find((hit) => hit.outlet === "hostile.example");
  const arabic = hits.find((hit) => hit.lang === "ar");
  return {
    latest: "/",
    search: "/?q=peace+talks",
    facet: "/?q=talks&lang=en&topic=Peace+talks",
    grouped: "/?stories=true",
    nothing: "/?q=giraffe&lang=fr",
    unreadable: "/?q=%28peace",
    article: `/articles/${copied.id}?q=talks`,
    copies: `/articles/${copied.id}/copies/${copy.id}`,
    ...(revised[0] && { revision: `/articles/${revised[0].id}/revisions/2` }),
    stories: "/stories",
    story: `/stories/${story.id}`,
    sources: "/sources",
    source: `/sources/${source.id}`,
    topics: "/topics",
    missing: "/articles/0",
    hostile: `/articles/${foreign.id}`,
    arabic: `/articles/${arabic.id}`,
  };
}

function fault(name, told) {
  faults++;
  console.error(`${name}: ${told}`);
}

// Takes a picture without JavaScript; a page wider than the window is a fault.
async function look(name, path, width, scheme) {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width, height: 900 });
  await page.goto(base + path);
  await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: true });
  const { cssContentSize } = await (await page.createCDPSession()).send("Page.getLayoutMetrics");
  if (cssContentSize.width > width) fault(`${name} at ${width}`, `${cssContentSize.width} pixels wide`);
  await page.close();
}

// Reads a page as axe-core does, in both schemes, and watches for scripts of strangers.
async function read(name, path) {
  const page = await browser.newPage();
  page.on("dialog", async (dialog) => {
    fault(name, `a script ran: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) fault(name, message.text());
  });
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(base + path);
    if ((await page.title()).startsWith("taken")) fault(name, "a script ran");
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const { id, impact, help, nodes } of violations) {
      const told = `${impact} ${id}: ${help} (${nodes.length}, first ${nodes[0].html.slice(0, 120)})`;
      if (["serious", "critical"].includes(impact)) fault(`${name}, ${scheme}`, told);
      else console.log(`${name}, ${scheme}: ${told}`);
    }
  }
  await page.close();
}

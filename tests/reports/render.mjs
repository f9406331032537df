// render.mjs: looks at HTML reports in a browser: pictures of desktop and phone, light and dark, a PDF, and what
// axe-core says of them. Called by tests/reports/render; prints a line for each fault, and ends with status 1 if there is one.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, browser, folder, ...reports] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), "package.json"));
const puppeteer = load("puppeteer-core");
const axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

const views = [
  { name: "desktop", width: 1280, height: 900, scheme: "light" },
  { name: "desktop-dark", width: 1280, height: 900, scheme: "dark" },
  { name: "phone", width: 390, height: 844, scheme: "light", isMobile: true },
  { name: "phone-dark", width: 390, height: 844, scheme: "dark", isMobile: true },
];
const PIECES = 5, PIECE = 1600;
const SERIOUS = ["serious", "critical"];
const faults = [];

function fault(report, view, text) {
  faults.push(`${report}: ${view}: ${text}`);
}

// Pictures of the page in pieces that can be looked at: of a long page the first ones.
async function picture(tab, name, view) {
  const high = await tab.evaluate(() => document.documentElement.scrollHeight);
  for (let i = 0; i < PIECES && i * PIECE < high; i++)
    await tab.screenshot({ path: `${name}-${i + 1}.png`, captureBeyondViewport: true,
                           clip: { x: 0, y: i * PIECE, width: view.width, height: Math.min(PIECE, high - i * PIECE) } });
}

async function look(tab, report, view) {
  const name = path.basename(report, ".html");
  await tab.setViewport({ width: view.width, height: view.height, isMobile: view.isMobile === true });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
  await tab.goto(pathToFileURL(path.resolve(report)).href);
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth) - view.width;
  if (wide > 0) fault(report, view.name, `wider than the window by ${wide} px`);
  await picture(tab, path.join(folder, `${name}-${view.name}`), view);
  await tab.evaluate(axe); // by the debugger, which no policy of the page stops
  const found = await tab.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  if (found.passes.length === 0) fault(report, view.name, "axe looked at nothing");
  for (const violation of found.violations)
    if (SERIOUS.includes(violation.impact))
      fault(report, view.name, `axe ${violation.impact}: ${violation.id}: ${violation.nodes.length} x ${violation.nodes[0].html.slice(0, 120)}`);
  const count = await tab.evaluate(() => ({ rows: document.querySelectorAll("#findings-table tbody tr").length,
                                            tools: document.querySelectorAll("#findings-tools input").length }));
  if (count.rows > 0 && count.tools !== 1) fault(report, view.name, "the script of the page did not run");
  return found.violations.length;
}

// Sorting and filtering do what they say.
async function use(tab, report) {
  const rows = await tab.$$("#findings-table tbody tr");
  if (rows.length === 0) return;
  await tab.setViewport({ width: 1280, height: 900 });
  await tab.click("#findings-table th:nth-child(4) button");
  const times = await tab.$$eval("#findings-table tbody tr", (all) => all.map((row) => Number(row.cells[3].dataset.value)));
  if (times.some((value, i) => i > 0 && value < times[i - 1])) fault(report, "use", "rows are not sorted by times");
  await tab.type("#findings-tools input", "no-such-word-at-all");
  const left = await tab.$$eval("#findings-table tbody tr", (all) => all.filter((row) => !row.hidden).length);
  if (left !== 0) fault(report, "use", `${left} rows are left by a filter that fits none`);
}

const program = await puppeteer.launch({ executablePath: browser, args: ["--no-sandbox"], protocolTimeout: 600000 });
for (const report of reports) {
  const tab = await program.newPage();
  tab.on("pageerror", (error) => fault(report, "page", `error: ${error.message}`));
  tab.on("request", (request) => {
    if (!request.url().startsWith("file:")) fault(report, "page", `asks for ${request.url()}`);
  });
  tab.on("console", (message) => {
    if (message.type() === "error") fault(report, "page", `console: ${message.text()}`);
  });
  let minor = 0;
  for (const view of views) minor += await look(tab, report, view);
  await use(tab, report);
  await tab.goto(pathToFileURL(path.resolve(report)).href);
  await tab.pdf({ path: path.join(folder, `${path.basename(report, ".html")}.pdf`), format: "A4", printBackground: false });
  console.log(`${report}: looked at ${views.length} times, ${minor} violations of axe in all, those below serious included`);
  await tab.close();
}
await program.close();
for (const line of faults) console.log(line);
console.log(`${reports.length - new Set(faults.map((line) => line.split(": ")[0])).size} passed, ${new Set(faults.map((line) => line.split(": ")[0])).size} failed`);
process.exit(faults.length > 0 ? 1 : 0);

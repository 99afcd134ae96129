// Drives VS Code in headless Chromium by commands from stdin, one JSON list a line:
// [operation, argument…]; answers each with one line, {"result": …} or {"error": …}.
// usage: node drive.mjs MODULES CHROMIUM ADDRESS
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, executablePath, address] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1000, height: 560 } });
page.setDefaultTimeout(30_000);

const texts = (selector) =>
  page.$$eval(selector, (found) => found.map((each) => each.textContent.replaceAll("\u00a0", " ")));

const operations = {
  open: async () => {
    await page.goto(address);
    await page.waitForSelector(".monaco-workbench .part.statusbar");
  },
  texts,
  // The editor keeps its lines in no order.
  lines: () =>
    page.$$eval(".monaco-editor .view-line", (found) =>
      found
        .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
        .map((each) => each.textContent.replaceAll("\u00a0", " ")),
    ),
  press: async (...keys) => {
    for (const key of keys) {
      await page.keyboard.press(key);
    }
  },
  type: (text) => page.keyboard.type(text),
  click: (selector) => page.click(selector),
  hover: (selector) => page.hover(selector),
  waitFor: (selector) => page.waitForSelector(selector).then(() => true),
  shot: (path) => page.screenshot({ path }).then(() => true),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, ...rest] = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await operations[operation](...rest)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();

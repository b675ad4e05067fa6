// What people see, in headless Chromium, by assertions; and its pictures where a folder for them is given.
//
//   node browser.js viewer SARIF [FOLDER]      SARIF in Microsoft's viewer
//   node browser.js report HTML [FOLDER]       the HTML report: wide and narrow, light and dark
//   node browser.js markdown FILE [FOLDER]     a comment as markdown-it renders it, in GitHub's style
"use strict";
const assert = require("assert");
const { existsSync, readFileSync } = require("fs");
const { join, resolve } = require("path");
const { pathToFileURL } = require("url");

const modules = process.env.NODE_PATH;
const { chromium } = require("playwright-core");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

const read = (file) => readFileSync(file, "utf8");
const textOf = (path) => read(join(modules, path));
const count = async (page, selector) => await page.locator(selector).filter({ visible: true }).count();

// A page that has asked nothing of the network and has raised no error.
async function open(browser, content, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, offline: true, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(`the page fails: ${error.message}`));
  page.on("request", (request) => assert.match(request.url(), /^(file|data|about):/, "a request to the network"));
  if (content.file) await page.goto(pathToFileURL(resolve(content.file)).href);
  else await page.setContent(content.html);
  return page;
}

async function viewer(browser, file, picture) {
  const log = JSON.parse(read(file));
  const page = await open(browser, { html: "<meta charset=utf-8><div id=app style='height: 95vh'></div>" });
  for (const path of ["react/umd/react.production.min.js", "react-dom/umd/react-dom.production.min.js",
    "@microsoft/sarif-web-component/dist/index.js"]) await page.addScriptTag({ content: textOf(path) });
  const show = (suppression) => page.evaluate(([log, suppression]) => {
    const place = document.getElementById("app");
    ReactDOM.unmountComponentAtNode(place);
    const filterState = { Suppression: { value: [suppression] } };
    ReactDOM.render(React.createElement(Viewer, { logs: [log], showSuppression: true, filterState }), place);
  }, [log, suppression]);

  // All checks opened.
  const rows = async () => {
    await page.locator("tr[aria-expanded]").first().waitFor();
    const closed = page.locator("tr[aria-expanded=false] .bolt-tree-expand-button");
    while (await closed.count()) await closed.first().click();
    return page.locator("tr[aria-level='2']");
  };

  // What blocks: its check, message, excerpt with the callee marked, definition, file and state.
  await show("unsuppressed");
  const shown = await rows();
  assert.equal(await page.locator("tr[aria-level='1']", { hasText: "yaml-load" }).count(), 1, "there is no check");
  const finding = shown.filter({ hasText: "This YAML loader can build any Python object" });
  const text = await finding.innerText();
  for (const part of ["import_settings", "settings.py", "17", "yaml.load(upload.read(), Loader=yaml.Loader)", "New"]) {
    assert.ok(text.includes(part), `the row lacks ${part}: ${text}`);
  }
  assert.equal(await finding.locator(".swcRegion").innerText(), "yaml.load", "another part is marked");
  // An old finding is unchanged; what is justified is hidden, and shown on demand.
  assert.ok((await shown.filter({ hasText: "pickle.load(file)" }).innerText()).includes("Unchanged"));
  assert.equal(await shown.filter({ hasText: "restore_cart" }).count(), 0, "a justified finding is shown as an open one");
  await picture(page, "viewer");
  await show("suppressed");
  const justified = await rows();
  assert.equal(await justified.count(), 1, "more than what is justified is shown");
  assert.ok((await justified.innerText()).includes("restore_cart"), "the justified finding is not shown");
}

async function report(browser, file, picture) {
  for (const [name, width] of [["desktop", 1100], ["phone", 390]]) {
    for (const colorScheme of ["light", "dark"]) {
      // As from a CI artifact: no scripts, no network.
      const page = await open(browser, { file }, { viewport: { width, height: 900 }, colorScheme, javaScriptEnabled: false });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `at ${width} the page is ${wide} wide`);
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = Number(background.match(/\d+/)[0]) > 127;
      assert.equal(light, colorScheme === "light", `the background is ${background}`);
      await picture(page, `report-${name}-${colorScheme}`);
      await page.context().close();
    }
  }
  // By the keyboard: the filters come in order, and the space bar switches them.
  const page = await open(browser, { file }, { javaScriptEnabled: false });
  const findings = await count(page, "article");
  for (let tries = 0; tries < 9; tries += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.type === "checkbox")) break;
  }
  await page.keyboard.press("Space");
  assert.ok((await count(page, "article")) < findings, "the filter hides nothing");
  await page.keyboard.press("Space");
  assert.equal(await count(page, "article"), findings, "the filter does not show again");
}

async function markdown(browser, file, picture) {
  const body = require("markdown-it")({ html: true, linkify: true }).render(read(file));
  const style = `${textOf("github-markdown-css/github-markdown.css")} .markdown-body { padding: 2rem; }`;
  const html = `<meta charset=utf-8><style>${style}</style><body class=markdown-body>${body}`;
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(browser, { html }, { viewport: { width: 900, height: 900 }, colorScheme });
    assert.match(await page.locator("h2").innerText(), /^❌ mergegate: blocked$/);
    assert.equal(await page.locator("h3").count(), 2, "each finding that blocks has a heading");
    assert.equal(await page.locator("details li").count(), 2, "warnings are in a list that opens");
    assert.equal(await page.locator("a").count(), 0);
    await page.locator("summary").first().click();
    assert.ok(await page.locator("details li").first().isVisible());
    await picture(page, `comment-${colorScheme}`);
  }
}

async function main([mode, file, folder]) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const picture = async (page, name) => {
    if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
  };
  try {
    await { viewer, report, markdown }[mode](browser, file, picture);
  } finally {
    await browser.close();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

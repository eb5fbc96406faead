// What the browser's tests share: a browser, checks that are counted, pictures to look at, and a watch over what no page may ever do.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";

const require = createRequire(process.env.BROWSER_MODULES + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.SCREENSHOTS;
mkdirSync(pictures, { recursive: true });

export const wide = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

export function check(words, good, ...more) {
	console.log(`${good ? "ok" : "FAILED"}: ${words}`);
	if (!good)
		for (const m of more)
			console.log("    " + (typeof m === "string" ? m : JSON.stringify(m)));
	return good;
}
export const same = (words, got, wanted) => check(words, got === wanted, `got:    ${got}`, `wanted: ${wanted}`);

// Where the window is: the address it printed.
export const url = process.env.WINDOW;
export const base = url ? new URL(url).origin : "";

export async function open(options = {}) {
	const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
	return chromium.launch({ executablePath: process.env.CHROMIUM, args, ...options });
}

// A page whose complaints are kept: errors of scripts, violations of the policy, dialogs, requests to anywhere but the window.
export async function watched(browser, options = {}) {
	const context = await browser.newContext({ viewport: wide, ...options });
	const page = await context.newPage();
	const complaints = [];
	page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") complaints.push(`${m.type()}: ${m.text()}`); });
	page.on("pageerror", (e) => complaints.push(`script: ${e.message}`));
	page.on("dialog", (d) => { complaints.push(`dialog: ${d.message()}`); d.dismiss(); });
	page.on("request", (r) => { if (!r.url().startsWith(base + "/")) complaints.push(`request: ${r.url().slice(0, 200)}`); });
	page.setDefaultTimeout(20000);
	return { context, page, complaints };
}

// The page as a wide window, in the dark, and on a phone.
export async function picture(page, name) {
	for (const [suffix, viewport, colorScheme] of [["", wide, "light"], ["-dark", wide, "dark"], ["-390", phone, "light"]]) {
		await page.setViewportSize(viewport);
		await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
		const height = await page.evaluate(() => document.documentElement.scrollHeight);
		await page.setViewportSize({ width: viewport.width, height: Math.min(Math.max(height, viewport.height), 4000) });
		await page.screenshot({ path: `${pictures}/${name}${suffix}.png` });
	}
	await page.setViewportSize(wide);
	await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

// What axe finds wrong with the page as it is (labels, names, contrast, headings, landmarks), in words; or only by the rules that are named.
export async function unreadable(page, ...rules) {
	if (!(await page.evaluate(() => "axe" in window)))
		await page.evaluate(axe);
	const runOnly = rules.length ? rules : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
	const { violations } = await page.evaluate((only) => window.axe.run(document, { runOnly: only }), runOnly);
	return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary.replace(/\s+/g, " ").slice(0, 300)}`));
}

// True when nothing sticks out sideways.
export const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

export const over = (page) => page.waitForSelector("#part:not(:has([data-running]))", { timeout: 60000 });

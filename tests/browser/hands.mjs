// Without a mouse, and without scripts.
import { readFileSync } from "node:fs";
import { base, check, open, phone, picture, same, url, watched, wide } from "./harness.mjs";

const browser = await open();
const { context, page, complaints } = await watched(browser);
await page.goto(url);
const focused = () => page.evaluate(() => { const e = document.activeElement; return (e.innerText || e.labels?.[0]?.innerText || e.getAttribute("aria-label") || e.tagName).trim().split("\n")[0]; });

// Keys alone: every page can be walked from its first link to its last button, and what has the focus can be seen.
await page.keyboard.press("Tab");
same("the first Tab offers to skip the navigation", await focused(), "Skip to the content");
await page.keyboard.press("Enter");
same("and does", await page.evaluate(() => document.activeElement.id), "main");
for (const path of ["/", "/server", "/network", "/range", "/timing", "/privacy", "/test"]) {
	await page.goto(base + path);
	const reachable = await page.evaluate(() => {
		const shown = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), textarea, summary")].filter((e) => e.checkVisibility() && e.tabIndex >= 0 && (e.type !== "radio" || e.checked));
		return shown.length;
	});
	const seen = new Set();
	let invisible = "";
	for (let i = 0; i < reachable + 5; i++) {
		await page.keyboard.press("Tab");
		const at = await page.evaluate(() => {
			const e = document.activeElement, style = getComputedStyle(e);
			window.walked ??= new Set();
			window.walked.add(e);
			return { seen: window.walked.size, outline: e === document.body || style.outlineStyle !== "none" || e.className === "skip", name: e.outerHTML.slice(0, 80) };
		});
		seen.add(at.seen);
		invisible ||= at.outline ? "" : at.name;
	}
	check(`${path}: Tab comes to everything`, Math.max(...seen) >= reachable, `${Math.max(...seen)} of ${reachable}`);
	check(`${path}: and shows where it is`, invisible === "", invisible);
}
await page.goto(base + "/range");
await page.locator("#range\\.name").focus();
await page.keyboard.type("by keys");
await page.keyboard.press("Tab");
await page.keyboard.type("127.81.0.0/24");
for (let i = 0; i < 30 && (await focused()) !== "Save"; i++)
	await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
await page.waitForURL(base + "/network");
check("a range can be added by keys alone", readFileSync(process.env.INI, "utf8").includes("[range by keys]"));
await page.goto(base + "/range?name=by%20keys");
await page.locator("#range\\.name").press("Enter");
await page.waitForURL(base + "/network");
check("Enter in a field saves, and does not remove", readFileSync(process.env.INI, "utf8").includes("[range by keys]"));
// On a phone, wherever the page stands, nothing lies over the addresses' count.
await page.setViewportSize(phone);
await page.goto(base + "/range?name=by%20keys");
await page.locator("#range\\.addresses").fill("127.81.0.0/25");
await page.waitForFunction(() => document.getElementById("count").innerText.includes("126"));
check("on a phone the count of addresses is covered by nothing", await page.evaluate(() => {
	const count = document.getElementById("count").getBoundingClientRect();
	scrollTo({ top: scrollY + count.top + count.height / 2 - innerHeight + 30, behavior: "instant" });
	const now = document.getElementById("count").getBoundingClientRect();
	return document.elementFromPoint(now.left + 20, now.top + now.height / 2)?.closest("#count") !== null;
}));
await page.setViewportSize(wide);
check("no page complained", complaints.length === 0, ...complaints);

// Scripts switched off, in the same session: the cookie is all it takes.
const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
const still = await plain.newPage();
still.setDefaultTimeout(20000);
await still.goto(base + "/server");
await still.getByLabel("Enrolment line").fill(readFileSync(process.env.ENROLMENT, "utf8"));
await still.getByRole("button", { name: "Take in the line" }).click();
check("without scripts: enrolled", (await still.locator("main").textContent()).includes("Enrolled: site hq"));
await still.goto(base + "/range");
await still.getByLabel("Name").fill("plain");
await still.locator("#range\\.addresses").fill(process.env.SITE);
await still.getByRole("button", { name: "Count" }).click();
check("without scripts: a button counts", (await still.locator("#count").textContent()).includes("4,094"));
same("and keeps what was entered", await still.getByLabel("Name").inputValue(), "plain");
await still.getByRole("button", { name: "Save", exact: true }).click();
check("without scripts: a range is saved", readFileSync(process.env.INI, "utf8").includes("[range plain]"));
await still.goto(base + "/timing");
await still.getByLabel("UDP port").fill(process.env.DEVICE_PORT);
await still.locator("#sweep\\.rate").fill("normal");
await still.getByLabel("Time-out").fill("300ms");
await still.getByRole("button", { name: "Save", exact: true }).click();
await still.goto(base + "/more");
await still.getByLabel("Folder of the outbox").fill(process.env.STATE);
await still.getByRole("button", { name: "Save", exact: true }).click();
await still.goto(base + "/test");
await still.getByRole("button", { name: "Sweep and deliver", exact: true }).click();
let told = "";
for (let i = 0; i < 300 && !/found|did not end/.test(told = await still.locator("#part h2").first().textContent()); i++)
	await still.waitForTimeout(200);
check("without scripts: the page of a sweep comes again by itself until it is over", told.includes("found and delivered"), told);
await picture(still, "40-without-scripts");
await still.goto(base + "/printers");
check("without scripts: the printers are there", (await still.locator("tbody tr").count()) > 50);
await browser.close();

// The five minutes of an administrator: from no configuration at all to the first acknowledged batch, by the window alone, as a person
// would: by what is written on links, buttons and fields. On the way every page is looked at in the light, in the dark and on a phone.
import { readFileSync } from "node:fs";
import { base, check, fits, open, over, phone, picture, same, unreadable, url, watched, wide } from "./harness.mjs";

const began = Date.now();
const browser = await open();
const { page, complaints } = await watched(browser);

// Looks at the page as it stands: pictures, what axe finds, whether a phone shows all of it.
let looking = 0;
async function look(name) {
	const since = Date.now();
	await picture(page, name);
	let found = await unreadable(page);
	check(`${name}: everything has a name, a place and contrast`, found.length === 0, ...found);
	await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
	found = await unreadable(page, "color-contrast");
	check(`${name}: contrast in the dark, too`, found.length === 0, ...found);
	await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
	await page.setViewportSize(phone);
	check(`${name}: fits a phone`, await fits(page));
	found = await unreadable(page, "color-contrast", "target-size", "scrollable-region-focusable");
	check(`${name}: and can be read and touched there`, found.length === 0, ...found);
	await page.setViewportSize(wide);
	looking += Date.now() - since;
}
const click = (name) => page.getByRole("button", { name, exact: true }).click();
const follow = (name) => page.getByRole("link", { name, exact: true }).first().click();
const says = async (words, text) => check(words, (await page.locator("main").innerText()).includes(text), `missing: ${text}`, await page.locator("main").innerText());

await page.goto(url);
same("the printed address leads to the overview", page.url(), base + "/");
check("the token does not stay in the address", !page.url().includes("token"));
same("five steps", await page.locator(".steps li").count(), 5);
await look("01-overview-empty");

await follow("Enrol");
await look("02-server-empty");
await page.getByLabel("Enrolment line").fill("ice-enrol-1.nonsense");
await click("Take in the line");
check("a damaged line is refused beside its field", (await page.locator(".field .mistake").count()) === 1);
await page.getByLabel("Enrolment line").fill(readFileSync(process.env.ENROLMENT, "utf8"));
await click("Take in the line");
await says("enrolled", "Enrolled: site hq");
await look("03-enrolled");
await click("Test the connection");
await over(page);
await says("the connection works", "The connection works");
await says("down to the signed round trip", "a signed batch was acknowledged");
await look("04-connection");

await follow("More");
await page.getByLabel("Folder of the outbox").fill(process.env.STATE);
await click("Save");
await look("05-more");
await follow("Timing");
await page.locator("#sweep\\.retries").fill("many");
await page.locator("#sweep\\.rate").fill("faster");
await click("Save");
await says("mistakes are told", "Nothing was saved yet");
same("each beside its field", await page.locator(".field .mistake").count(), 2);
same("which says so to a screen reader", await page.locator("#sweep\\.retries").getAttribute("aria-invalid"), "true");
same("what was entered is still there", await page.locator("#sweep\\.rate").inputValue(), "faster");
await look("06-timing-mistakes");
await page.locator("#sweep\\.retries").fill("1");
await page.locator("#sweep\\.rate").fill("normal");
await page.getByLabel("Time-out").fill("300ms");
await page.getByLabel("UDP port").fill(process.env.DEVICE_PORT);
await click("Save");
await says("and then it is saved", "Saved.");
await look("07-timing");

await follow("Network");
await look("08-network-empty");
await follow("Add a range");
await look("09-range-new");
await page.getByLabel("Name").fill("office & plant");
await page.locator("#range\\.addresses").fill(process.env.SITE);
await page.waitForFunction(() => document.getElementById("count").innerText.includes("4,094"));
check("addresses are counted while they are written", true);
await page.locator("#range\\.exclude").fill(process.env.EXCLUDE);
await page.waitForFunction(() => document.getElementById("count").innerText.includes("4,078"));
await page.locator("#range\\.addresses").fill(process.env.SITE + "\n127.79.0.0-127.79.0.255");
await page.waitForFunction(() => document.getElementById("count").innerText.includes("broadcast address"));
check("what may be a broadcast address is told", true);
await look("10-range");
await page.locator("#range\\.addresses").fill(process.env.SITE);
await page.getByRole("textbox", { name: "Communities" }).fill("public");
await click("Save");
await says("the range is there", "4,078");
await look("11-network");
await follow("office & plant");
await says("its communities are not shown", "Some are stored");
same("not even in their field", await page.locator("#range\\.communities").inputValue(), "");

await follow("Test and sweep");
await look("12-test");
await click("Dry run");
await over(page);
await says("a dry run tells what would be asked", "4,078");
await look("13-dry-run");
await follow("Test and sweep");
await click("Sweep and deliver");
await page.waitForSelector("[data-running] progress");
check("a sweep shows how far it is", true);
await picture(page, "14-sweeping");
await over(page);
await says("it ends well", "found and delivered");
await look("15-swept");
await follow("See all of them");
const found = Number((await page.locator(".search").innerText()).match(/([\d,]+) printers/)[1].replace(",", ""));
same("all printers are in the table", found, Number(process.env.PRINTERS));
check("with bars for their toner", (await page.locator("svg.ink").count()) > 20);
await look("16-printers");
await page.getByLabel("Find").fill("kyocera");
await click("Find");
check("they can be looked for", /of [\d,]+ printers/.test(await page.locator(".search").innerText()) && !(await page.locator("tbody").innerText()).includes("Brother"));
await page.getByRole("link", { name: "Pages", exact: true }).click();
same("and put in order", await page.locator("th[aria-sort]").innerText(), "Pages");
await page.locator("tbody a").first().click();
await look("17-printer");
await click("Ask it again, and explain");
await over(page);
await says("one device is explained", "How it was read");
await look("18-probe");
for (const [name, file] of [["Outbox", "19-outbox"], ["Log", "20-log"], ["Privacy", "21-privacy"], ["Overview", "22-overview"]]) {
	await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
	await look(file);
}
await says("the overview says that all is set up", "All is set up");
await page.getByRole("navigation").getByRole("link", { name: "Privacy", exact: true }).click();
await page.getByRole("group", { name: "Locations of printers" }).getByLabel("withhold").check();
check("what is not saved yet says so", (await page.locator(".unsaved").innerText()) === "Not saved yet");
await click("Save");
await says("privacy is saved", "Saved.");
await click("Done");
await says("Done closes the window", "The window is closed");
await picture(page, "23-done");
check("no page complained", complaints.length === 0, ...complaints);
const took = Math.round((Date.now() - began - looking) / 1000);
check(`the whole of it took less than five minutes (${took} s)`, took < 300);
console.log(`| from an empty configuration to the first acknowledged batch, by a browser that does not read: ${took} s`);
await browser.close();

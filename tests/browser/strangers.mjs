// What a browser does for others than the administrator: pages of other sites, a stolen address, devices that lie about their names.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { base, check, open, over, picture, same, url, watched } from "./harness.mjs";

const browser = await open();
const { context, page, complaints } = await watched(browser);
const file = () => { try { return readFileSync(process.env.INI, "utf8"); } catch { return ""; } };

await page.goto(url);
same("the address opens the window", page.url(), base + "/");
const other = await browser.newContext();
const stranger = await other.newPage();
same("and does not a second time", (await stranger.goto(url)).status(), 403);
same("nor is the page there for another browser", (await stranger.goto(base + "/")).status(), 403);
await picture(stranger, "30-stranger");

// A page of another site, in the administrator's own browser.
const before = file();
const evil = createServer((request, response) => {
	response.setHeader("Content-Type", "text/html");
	response.end(`<!doctype html><title>evil</title><form method="post" action="${base}/timing"><input name="sweep.interval" value="7h"><input name="form" value=""></form>
		<iframe src="${base}/"></iframe><img src="${base}/icon.svg"><a href="${base}/">to the window</a>`);
});
await new Promise((ready) => evil.listen(0, "127.0.0.1", ready));
const port = evil.address().port;
for (const host of ["127.0.0.1", "localhost"]) {
	const trap = await context.newPage();
	await trap.goto(`http://${host}:${port}/`);
	const answer = await trap.evaluate((to) => fetch(to, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ "sweep.interval": "7h" }) }).then((a) => a.type, () => "refused"), base + "/timing");
	check(`a script of ${host}:${port} learns nothing`, answer === "opaque" || answer === "refused", answer);
	const read = await trap.evaluate((to) => fetch(to, { credentials: "include" }).then(() => "read", () => "refused"), base + "/");
	same("nor reads a page", read, "refused");
	check("nor shows the window inside its own page", !(await trap.frames().slice(1).reduce(async (all, f) => (await all) || (await f.content()).includes("Configuration"), false)));
	check("nor even an image of it", await trap.evaluate(() => document.images[0].naturalWidth === 0));
	const [response] = await Promise.all([trap.waitForNavigation(), trap.evaluate(() => document.forms[0].submit())]);
	same("a form of it is refused", response.status(), 403);
	await trap.goto(`http://${host}:${port}/`);
	const [link] = await Promise.all([trap.waitForNavigation(), trap.getByRole("link").click()]);
	same("a link of it is refused", link.status(), 403);
	await trap.close();
}
evil.close();
same("nothing was written", file(), before);

// Devices whose names, places and serial numbers are made to harm whoever looks at them.
await page.goto(base + "/test");
await page.getByRole("button", { name: "Only look", exact: true }).click();
await over(page);
await page.getByRole("link", { name: "See all of them" }).click();
const table = await page.locator("tbody").innerText();
check("a script is text", table.includes(`<script>document.title="harm"</script>`), table.slice(0, 2000));
check("a tag in a name is text", /<img src=x onerror=/i.test(await page.locator("tbody th a").allInnerTexts().then((names) => names.join())), table.slice(0, 2000));
check("quotes and tags in a location are text", table.includes(`" onmouseover="document.title='harm'" x="<img src=x onerror=document.title='harm'>`), table.slice(0, 2000));
check("a template's marks are text", table.includes("{{page_form}}"));
check("no text turns its direction", !/[\u202a-\u202e\u2066-\u2069]/.test(table));
same("nothing of it became an element", await page.locator("tbody script, tbody img, tbody [onmouseover], tbody [onerror]").count(), 0);
await picture(page, "31-hostile");
const links = await page.locator("tbody th a").count();
check("every one of them has its row", links >= 5, String(links));
for (let i = 0; i < links; i++) {
	await page.goto(base + "/printers");
	await page.locator("tbody th a").nth(i).click();
	check("and its page", (await page.locator("h1").innerText()).length > 0 && (await page.title()) !== "harm");
	if (i === 0)
		await picture(page, "32-hostile-one");
}
await page.goto(base + "/printers");
await page.setViewportSize({ width: 390, height: 844 });
check("ten thousand letters stay inside a phone", await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
await page.goto(base + "/printers?q=" + encodeURIComponent(`"><script>document.title="harm"</script>`));
check("what is looked for is text, too", (await page.locator("main").innerText()).includes(`"><script>`) && (await page.title()) !== "harm");
await page.goto(base + "/range?name=" + encodeURIComponent(`<script>document.title="harm"</script>`)).catch(() => {});
check("and what is asked for", (await page.title()) !== "harm");
await page.goto(base + "/range");
await page.getByLabel("Name").fill(`<script>document.title="harm"</script>`);
await page.locator("#range\\.addresses").fill("127.80.0.0/24");
await page.getByRole("button", { name: "Save", exact: true }).click();
const entered = await page.locator("#range\\.name").count() ? await page.locator("#range\\.name").inputValue() : await page.locator("main").innerText();
check("and what is entered", entered.includes(`<script>document.title="harm"</script>`) && (await page.title()) !== "harm", entered);
const real = complaints.filter((c) => !/status of 404/.test(c));
check("no page complained", real.length === 0, ...real);
await browser.close();

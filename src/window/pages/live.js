// What makes the pages live; all of them work without it. No text is ever made into markup here: what is put into a page
// is markup that the program escaped, from the program itself.
"use strict";

// A part of a page that is asked for again until it is over: data-part says from where.
function follow(part) {
	let last = "";
	const again = async () => {
		try {
			const answer = await fetch(part.dataset.part, { headers: { Accept: "text/html" } });
			if (!answer.ok)
				return;
			const text = await answer.text();
			if (text !== last) {
				const open = [...part.querySelectorAll("details")].map((d) => d.open);
				part.innerHTML = text;
				part.querySelectorAll("details").forEach((d, i) => { if (open[i] !== undefined) d.open = open[i]; });
				last = text;
			}
			const state = part.querySelector("[data-running]");
			const say = part.querySelector("[data-say]"), voice = document.getElementById("voice");
			if (say && voice && voice.textContent !== say.dataset.say)
				voice.textContent = say.dataset.say;
			if (state)
				setTimeout(again, Number(part.dataset.every) || 700);
		} catch {
			setTimeout(again, 2000);
		}
	};
	setTimeout(again, 400);
}

// Counts addresses while they are written.
function count(form) {
	const place = document.getElementById("count");
	let timer = 0, turn = 0;
	const now = async () => {
		const mine = ++turn;
		const fields = new URLSearchParams();
		for (const name of ["form", "was", "range.addresses", "range.exclude", "range.allow_public"])
			if (form.elements[name])
				fields.set(name, form.elements[name].value);
		try {
			const answer = await fetch(form.dataset.count, { method: "POST", body: fields });
			if (answer.ok && mine === turn)
				place.innerHTML = await answer.text();
		} catch { /* the next key tries again */ }
	};
	form.addEventListener("input", (event) => {
		if (!/^range\.(addresses|exclude|allow_public)$/.test(event.target.name))
			return;
		clearTimeout(timer);
		timer = setTimeout(now, 300);
	});
}

// Says so when something was changed and is not saved.
function watch(form) {
	const words = form.querySelector(".unsaved");
	form.addEventListener("input", () => { words.textContent = "Not saved yet"; });
}

document.querySelectorAll("[data-part]").forEach(follow);
document.querySelectorAll("form[data-count]").forEach(count);
document.querySelectorAll("form[data-watch]").forEach(watch);
document.addEventListener("submit", (event) => {
	if (event.submitter)
		event.submitter.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => document.querySelectorAll("button[aria-busy]").forEach((b) => b.removeAttribute("aria-busy")));
// On a phone the navigation scrolls: the page one is on is brought into view.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

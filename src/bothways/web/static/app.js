"use strict";
// After a swap that took the focused element away, focus goes where the server says: to [data-focus], else to the page.
// To data-focus="now" it goes though something has it, unless that is typed into: what was moved takes the focus along.
document.addEventListener("htmx:afterSettle", () => {
  const moved = document.querySelector('[data-focus="now"]');
  const named = moved || document.querySelector("[data-focus]");
  if (named) named.removeAttribute("data-focus");
  if (moved && !unsent.has(document.activeElement?.id)) {
    moved.focus();
    return;
  }
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = named || document.getElementById("main");
  if (next) next.focus({ preventScroll: true });
});
// What went wrong is read out, and found by the keyboard.
document.addEventListener("DOMContentLoaded", () => {
  for (const each of document.querySelectorAll("[data-focus]")) each.removeAttribute("data-focus");
  const wrong = document.getElementById("error") || document.getElementById("to-mend");
  if (wrong) wrong.focus();
});
// A question that a script has fetched is asked as a dialog; without a script its link leads to a page.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.querySelector("dialog[data-ask]");
  if (!dialog) return;
  const from = document.activeElement;
  dialog.addEventListener("close", () => { dialog.remove(); if (from) from.focus(); });
  const cancel = dialog.querySelector("[data-close]");
  cancel.addEventListener("click", (click) => { click.preventDefault(); dialog.close(); });
  dialog.showModal();
});
// Where a row of mappings is taken out, those after it move up: what is kept for a row goes along with it.
const movedUp = ({ xhr, requestConfig }) => {
  const gone = xhr.status < 300 && Number(/\/fields\/(\d+)\/remove$/.exec(requestConfig.path)?.[1]);
  const up = (whole, what, number) => (number > gone ? `${what}-${number - 1}` : number < gone ? whole : "");
  return (id) => (gone ? id.replace(/^(on|way|f|v|o|remove)-(\d+)/, up) : id);
};
// What is typed or chosen in a step, in a row of mappings, or in a text of settings, while an answer is on its way is put
// into the controls that the answer brings. A request takes along what is in its step or its row, or in all rows. Pickers
// see to theirs.
const unsent = new Map();
let focused = "", caret = [];
const note = (event) => {
  const at = event.target;
  if (!at.id || !at.closest("#step, #mappings, #edit-text, form#draft") || at.closest("field-picker")) return;
  unsent.set(at.id, { value: at.value, checked: at.checked, done: event.type === "change" });
};
document.addEventListener("input", note, true);
document.addEventListener("change", note, true);
// What is pressed meanwhile waits. htmx forgets it if an answer brings that part of the page anew: it is pressed again.
const pressed = new Set();
const pressedBy = (elt, event) => event?.submitter || elt;
// So does what is pressed while a field that was chosen by typing is looked up.
document.addEventListener("htmx:confirm", (event) => {
  const at = pressedBy(event.detail.elt, event.detail.triggeringEvent);
  if (!at.matches("#q, :is(#step, #mappings, #associations, #edit) button")) return;
  pressed.add(at.id);
  if (document.querySelector(LOOKED_UP)) event.preventDefault();
});
document.addEventListener("htmx:beforeRequest", ({ detail: { elt, requestConfig } }) => {
  pressed.delete(pressedBy(elt, requestConfig.triggeringEvent).id);
  const part = elt.closest("#step, #mappings tbody, #edit-text, form#draft"), all = elt.matches("#update, #review");
  for (const id of [...unsent.keys()]) if (all || part?.contains(document.getElementById(id))) unsent.delete(id);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const up = movedUp(event.detail), kept = [...unsent], waiting = [...pressed], here = document.activeElement?.id || "";
  unsent.clear();
  for (const [id, was] of kept) unsent.set(up(id), was);
  pressed.clear();
  for (const id of waiting) pressed.add(up(id));
  focused = up(here) === here ? "" : up(here);
  caret = [document.activeElement?.selectionStart ?? null, document.activeElement?.selectionEnd ?? null];
});
document.addEventListener("htmx:afterSettle", () => {
  if (focused) document.getElementById(focused)?.focus();
  focused = "";
  for (const [id, was] of [...unsent]) {
    const now = document.getElementById(id);
    const marks = now && (now.type === "checkbox" || now.type === "radio");
    if (!now || (marks ? now.checked === was.checked : now.value === was.value)) continue;
    if (marks) now.checked = was.checked;
    else now.value = was.value;
    if (now === document.activeElement && caret[0] !== null) now.setSelectionRange(...caret);
    if (was.done) now.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
// Who goes on to another page waits until what was changed here before is answered; a second press goes at once. Where
// something was refused, its words are shown and nobody goes on.
const LOOKED_UP = "field-picker[data-enters]";
const OPEN = `#q.htmx-request, #step.htmx-request, :is(#step, #mappings, #associations, #edit) .htmx-request, ${LOOKED_UP}`;
let leaving = null;
document.addEventListener("click", (event) => {
  if (!event.isTrusted) return;
  const on = event.target.closest("a[href], [data-waits]"), again = on === leaving;
  leaving = null;
  if (!on || again || event.ctrlKey || event.metaKey || event.shiftKey || !document.querySelector(OPEN)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  leaving = on;
}, true);
const goOn = () => setTimeout(() => {
  if (document.querySelector(OPEN)) return;
  for (const id of pressed) {
    pressed.delete(id);
    const at = document.getElementById(id);
    if (id === "q") at?.dispatchEvent(new Event("search"));
    else at?.click();
    if (at) return;
  }
  if (!leaving) return;
  const on = document.getElementById(leaving.id) || leaving;
  leaving = null;
  on.click();
});
document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
  if (xhr.status < 200 || xhr.status > 399) leaving = null;
  goOn();
});
// Whether a control says something else than the page came with; a browser may read what that was in its own way.
const changed = (at) => {
  if (at.options) {
    const first = Math.min(0, at.options.length - 1);
    return at.selectedIndex !== Math.max([...at.options].findIndex((each) => each.defaultSelected), first);
  }
  if (at.type === "checkbox" || at.type === "radio") return at.checked !== at.defaultChecked;
  if (at.tagName === "TEXTAREA") return at.value !== at.defaultValue;
  const came = document.createElement("input");
  came.type = at.type;
  came.defaultValue = at.defaultValue;
  return at.value !== came.value;
};
// What was changed before the scripts had come is sent once they are there.
document.addEventListener("DOMContentLoaded", () => {
  for (const each of document.querySelectorAll('#step :is(select, input, textarea), #mappings input[form="edit"]')) {
    if (!changed(each) || (each.type === "radio" && !each.checked)) continue;
    each.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
// What asks again and again by itself takes nothing away in which somebody is choosing or typing, or has pressed something.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt } = detail.requestConfig, uses = (each) => each === document.activeElement || changed(each);
  if (!elt.matches('[hx-trigger^="every"]')) return;
  const asks = [...detail.target.querySelectorAll(".htmx-request")].some((each) => each !== elt);
  const used = [...detail.target.querySelectorAll("select, textarea, input:not([type=hidden])")].some(uses);
  if (asks || used) detail.shouldSwap = false;
});
// From a page that is being left nothing more is sent. Where it is loaded anew, or signed in to on the way, what was typed
// into it and not sent is there again, and so is the focus.
let left = false;
const keep = () => {
  const at = document.activeElement, focus = [at.id, `${at.closest("article")?.id}-title`];
  const typed = [...document.querySelectorAll("[data-kept]")].filter(changed).map(({ id, value }) => [id, value]);
  sessionStorage.setItem("kept", JSON.stringify({ page: location.pathname, focus, typed }));
};
document.addEventListener("htmx:beforeOnLoad", ({ detail: { xhr } }) => {
  const anew = xhr.getResponseHeader("HX-Refresh"), to = xhr.getResponseHeader("HX-Redirect");
  if (anew || to) left = true;
  if (anew || to?.startsWith("/login")) keep();
});
document.addEventListener("htmx:beforeRequest", (event) => { if (left) event.preventDefault(); });
window.addEventListener("pageshow", () => { left = false; });
document.addEventListener("DOMContentLoaded", () => {
  const { page, focus, typed } = JSON.parse(sessionStorage.getItem("kept") || "{}"), at = (id) => document.getElementById(id);
  if (page !== location.pathname) return;
  sessionStorage.removeItem("kept");
  for (const [id, value] of typed) if (at(id)?.matches("[data-kept]")) at(id).value = value;
  if (document.activeElement === document.body) at(focus.find(at))?.focus();
});
// Where the server cannot be reached the page says so, until it answers again.
const reached = (is) => { document.getElementById("offline").hidden = is; };
document.addEventListener("htmx:sendError", () => reached(false));
document.addEventListener("htmx:afterOnLoad", () => reached(true));
// What somebody has unfolded stays so when its part of the page is drawn anew.
let unfolded = [];
document.addEventListener("htmx:beforeSwap", () => { unfolded = [...document.querySelectorAll("details[id][open]")].map((each) => each.id); });
document.addEventListener("htmx:afterSwap", () => {
  for (const id of unfolded) {
    const now = document.getElementById(id);
    if (now && now.tagName === "DETAILS") now.open = true;
  }
});
// What an app said is copied at a press, where the browser can do that.
const offer = () => {
  for (const each of document.querySelectorAll("[data-copy][hidden]")) each.hidden = !navigator.clipboard;
};
document.addEventListener("DOMContentLoaded", offer);
document.addEventListener("htmx:afterSettle", offer);
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = button.dataset.done;
});
// A double click counts once: where a form is sent twice, the answer to the second is shown, and what it asks is done.
const sent = new WeakMap();
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (event.timeStamp - (sent.get(event.target) ?? -Infinity) < 1000) event.preventDefault();
  else sent.set(event.target, event.timeStamp);
});

"use strict";
// After a swap that took the focused element away, focus goes where the server says: to [data-focus], else to the page.
// To data-focus="now" it goes in any case: what was moved takes the focus along.
document.addEventListener("htmx:afterSettle", () => {
  const moved = document.querySelector('[data-focus="now"]');
  const named = moved || document.querySelector("[data-focus]");
  if (named) named.removeAttribute("data-focus");
  if (moved) {
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
  const error = document.getElementById("error");
  if (error) error.focus();
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
// What is typed or chosen in a step, or in a row of mappings, while an answer is on its way is put into the controls
// that the answer brings. A request takes along what is in its step or its row.
const unsent = new Map();
const note = (event) => {
  const at = event.target;
  if (!at.id || !at.closest("#step, #mappings")) return;
  unsent.set(at.id, { value: at.value, checked: at.checked, done: event.type === "change" });
};
document.addEventListener("input", note, true);
document.addEventListener("change", note, true);
document.addEventListener("htmx:beforeRequest", (event) => {
  const sent = event.detail.elt.closest("#mappings tbody");
  for (const id of [...unsent.keys()]) if (!sent || sent.contains(document.getElementById(id))) unsent.delete(id);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const [id, was] of [...unsent]) {
    const now = document.getElementById(id);
    const marks = now && (now.type === "checkbox" || now.type === "radio");
    if (!now || (marks ? now.checked === was.checked : now.value === was.value)) continue;
    if (marks) now.checked = was.checked;
    else now.value = was.value;
    if (was.done) now.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
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

"use strict";
// After a swap that took the focused element away, focus goes where the server says: to [data-focus], else to the page.
document.addEventListener("htmx:afterSettle", () => {
  const named = document.querySelector("[data-focus]");
  if (named) named.removeAttribute("data-focus");
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = named || document.getElementById("main");
  if (next) next.focus({ preventScroll: true });
});
// What went wrong is read out, and found by the keyboard.
document.addEventListener("DOMContentLoaded", () => {
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

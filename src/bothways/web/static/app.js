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

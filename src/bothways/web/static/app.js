"use strict";
// After a swap that took the focused element away, focus goes where the server says: to [data-focus], else to the page.
// To data-focus="now" it goes in any case: what was moved takes the focus along.
document.addEventListener("htmx:afterSettle", (event) => {
  const moved = document.querySelector('[data-focus="now"]');
  if (moved) {
    moved.removeAttribute("data-focus");
    moved.focus();
    return;
  }
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = event.target.querySelector("[data-focus]") || document.getElementById("main");
  if (next) next.focus({ preventScroll: true });
});
// What went wrong is read out, and found by the keyboard.
document.addEventListener("DOMContentLoaded", () => {
  const error = document.getElementById("error");
  if (error) error.focus();
});

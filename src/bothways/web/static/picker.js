"use strict";
// A field chosen by typing: the editable combobox of the ARIA practices. Without script it is the link inside.
const chosen = new Map();
customElements.define("field-picker", class extends HTMLElement {
  connectedCallback() {
    const link = this.querySelector("a");
    if (!link) return;
    const input = this.input = document.createElement("input");
    const list = this.list = document.createElement("ul");
    this.was = input.value = "empty" in this.dataset ? "" : link.textContent.trim();
    Object.assign(input, { id: link.id, autocomplete: "off", spellcheck: false });
    Object.assign(list, { id: link.id + "-list", hidden: true });
    const told = { role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": list.id };
    Object.assign(told, { "aria-label": this.dataset.label, placeholder: this.dataset.hint || "" });
    for (const name of ["aria-invalid", "aria-describedby"]) if (link.hasAttribute(name)) told[name] = link.getAttribute(name);
    for (const name in told) input.setAttribute(name, told[name]);
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", this.dataset.label);
    link.replaceWith(input, list);
    if ("begin" in this.dataset && document.activeElement?.tagName !== "INPUT") input.focus();
    input.addEventListener("input", (event) => {
      event.stopPropagation();
      clearTimeout(this.later);
      this.asked?.abort();
      this.waits = true;
      this.later = setTimeout(() => this.open(input.value), 120);
    });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("click", () => { if (input.value === this.was) input.select(); this.open(""); });
    input.addEventListener("blur", () => { if (!this.enters) this.leave(); });
    input.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => this.choose(event.target.closest("[data-value]")));
  }
  // What was typed waits for its list: Enter waits with it, and then chooses what fits best.
  get enters() { return "enters" in this.dataset; }
  set enters(is) { this.toggleAttribute("data-enters", is); }
  async open(text) {
    clearTimeout(this.later);
    this.asked?.abort();
    const asked = this.asked = new AbortController();
    const address = `${this.closest("[data-options]").dataset.options}?side=${this.dataset.side}&row=${this.dataset.row}&q=${encodeURIComponent(text)}`;
    const answer = await fetch(address, { signal: asked.signal, headers: { "HX-Request": "true" } }).catch(() => null);
    if (asked.signal.aborted || !this.isConnected) return;
    reached(Boolean(answer));
    if (!answer) return;
    if (answer.headers.has("HX-Redirect")) return location.reload();
    const items = await answer.text().catch(() => null);
    if (items === null || asked.signal.aborted || !this.isConnected) return;
    if (!answer.ok) return this.refused(items, answer.headers);
    if (!this.enters && document.activeElement !== this.input) return;
    this.waits = false;
    this.list.innerHTML = items;
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(text ? 0 : -1);
  }
  // The words of a refusal stand where those of all others do, and nobody goes on.
  refused(words, headers) {
    leaving = null;
    htmx.swap(headers.get("HX-Retarget"), words, { swapStyle: headers.get("HX-Reswap") }, { select: headers.get("HX-Reselect") });
  }
  enter() {
    this.enters = false;
    if (!this.isConnected) return;
    if (!this.list.hidden) this.choose(this.list.querySelector("[aria-selected=true]"));
    if (document.activeElement !== this.input) this.leave();
    goOn();
  }
  leave() {
    this.close();
    this.input.value = this.was;
  }
  // The picker that stood here before was being used: this one goes on with its text, its marking and its list.
  async again({ text, typed, opened, enters, active, from, to }) {
    if (typed) this.input.value = text;
    if (active) this.input.focus();
    if (active && from === 0 && to === text.length) this.input.select();
    else if (active && typed) this.input.setSelectionRange(from, to);
    if (!typed && !opened) return;
    this.waits = typed;
    this.enters = enters;
    await this.open(typed ? text : "");
    if (this.enters) this.enter();
  }
  close() {
    this.waits = false;
    clearTimeout(this.later);
    this.asked?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
  mark(place) {
    const items = [...this.list.querySelectorAll("[data-value]")];
    this.place = items[place] ? place : -1;
    items.forEach((item, number) => item.setAttribute("aria-selected", String(number === this.place)));
    if (this.place < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", items[place].id);
    items[place].scrollIntoView({ block: "nearest" });
  }
  async key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (this.list.hidden) await this.open("");
      const count = this.list.querySelectorAll("[data-value]").length;
      this.mark(this.place < 0 && step < 0 ? count - 1 : (this.place + step + count) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.enters = this.waits;
      if (this.waits) await this.open(this.input.value);
      this.enter();
    } else if (event.key === "Escape" && (!this.list.hidden || this.input.value !== this.was)) {
      event.preventDefault();
      this.close();
      this.input.value = this.was;
    }
  }
  choose(item) {
    if (!item) return;
    this.close();
    this.take(item.dataset);
  }
  take(field) {
    const { value, label } = field;
    this.was = this.input.value = label;
    chosen.set(this.input.id, { value, label });
    const held = this.querySelector("[type=hidden]") || this.appendChild(Object.assign(document.createElement("input"), { type: "hidden" }));
    Object.assign(held, { name: `field-${this.dataset.side}`, value });
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
// What is chosen or being typed while the answer of another control brings the row anew is kept for the new one.
let typing = [];
document.addEventListener("htmx:beforeRequest", (event) => {
  for (const id of [...chosen.keys()]) if (event.detail.elt.contains(document.getElementById(id))) chosen.delete(id);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const up = movedUp(event.detail), kept = [...chosen];
  chosen.clear();
  for (const [id, field] of kept) chosen.set(up(id), field);
  typing = [...document.querySelectorAll("field-picker")]
    .filter((each) => each.enters || each.input === document.activeElement)
    .map(({ input, list, was, enters }) => ({
      id: up(input.id), was: input, text: input.value, typed: input.value !== was, opened: !list.hidden, enters,
      active: input === document.activeElement, from: input.selectionStart, to: input.selectionEnd,
    }));
});
document.addEventListener("htmx:afterSettle", () => {
  const at = (id) => document.getElementById(id)?.closest("field-picker");
  for (const [id, field] of [...chosen]) if (at(id) && !at(id).querySelector("[type=hidden]")) at(id).take(field);
  for (const each of typing) if (at(each.id) && at(each.id).input !== each.was) at(each.id).again(each);
  typing = [];
});

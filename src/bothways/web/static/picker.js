"use strict";
// A field chosen by typing: the editable combobox of the ARIA practices. Without script it is the link inside.
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
    if ("begin" in this.dataset) input.focus();
    input.addEventListener("input", (event) => { event.stopPropagation(); clearTimeout(this.later); this.waits = true; this.later = setTimeout(() => this.open(input.value), 120); });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("click", () => this.open(""));
    input.addEventListener("blur", () => { this.close(); input.value = this.was; });
    input.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => this.choose(event.target.closest("[data-value]")));
  }
  // What was typed waits for its list: Enter waits with it, and then chooses what fits best.
  async open(text) {
    clearTimeout(this.later);
    this.asked?.abort();
    const asked = this.asked = new AbortController();
    const address = `${this.closest("[data-options]").dataset.options}?side=${this.dataset.side}&row=${this.dataset.row}&q=${encodeURIComponent(text)}`;
    const answer = await fetch(address, { signal: asked.signal, headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer || !answer.ok || asked.signal.aborted) return;
    if (answer.headers.has("HX-Redirect")) return location.reload();
    const items = await answer.text();
    if (asked.signal.aborted || document.activeElement !== this.input) return;
    this.waits = false;
    this.list.innerHTML = items;
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(text ? 0 : -1);
  }
  again(text) {
    this.input.value = text;
    this.waits = true;
    this.open(text);
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
      if (this.waits) await this.open(this.input.value);
      if (!this.list.hidden) this.choose(this.list.querySelector("[aria-selected=true]"));
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
      this.input.value = this.was;
    }
  }
  choose(item) {
    if (!item) return;
    this.was = this.input.value = item.dataset.label;
    this.close();
    const held = this.querySelector("[type=hidden]") || this.appendChild(Object.assign(document.createElement("input"), { type: "hidden" }));
    Object.assign(held, { name: `field-${this.dataset.side}`, value: item.dataset.value });
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
// What is being typed while the answer of another control brings the row anew is typed on in the new one.
let typing = null;
document.addEventListener("htmx:beforeSwap", () => {
  const at = document.activeElement, picker = at && at.closest("field-picker");
  typing = picker && at.value !== picker.was ? { id: at.id, text: at.value } : null;
});
document.addEventListener("htmx:afterSettle", () => {
  const picker = typing && document.getElementById(typing.id)?.closest("field-picker");
  if (picker && picker.contains(document.activeElement) && picker.input.value !== typing.text) picker.again(typing.text);
  typing = null;
});

"use strict";
// <live-stream data-src>: a part of the page that the server sends anew when it changes. All texts are attributes.
customElements.define("live-stream", class extends HTMLElement {
  connectedCallback() {
    this.toggle = this.querySelector("[data-toggle]");
    this.toggle.hidden = false;
    this.toggle.addEventListener("click", () => { this.held = !this.held; this.look(); });
    this.seen = () => this.look();
    document.addEventListener("visibilitychange", this.seen);
    this.leave = () => { this.leaving = true; };
    window.addEventListener("beforeunload", this.leave);
    this.look();
  }
  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.seen);
    window.removeEventListener("beforeunload", this.leave);
    this.close();
  }
  // Open while somebody can see it and wants it to move; closed else.
  look() {
    this.close();
    this.toggle.textContent = this.held ? this.dataset.goOn : this.dataset.hold;
    if (this.held || document.hidden) this.say("paused"); else this.open();
  }
  open() {
    const begun = Date.now();
    this.source = new EventSource(this.dataset.src);
    this.source.onopen = () => { this.wait = 0; this.say("live"); };
    this.source.onmessage = (event) => this.show(event.data);
    // Other windows have all the streams that a browser may open: this one looks again and again, and rests in between.
    this.source.addEventListener("again", (event) => {
      this.show(event.data);
      this.close();
      this.timer = setTimeout(() => this.look(), Math.max(2000, 9 * (Date.now() - begun)));
    });
    this.source.addEventListener("over", (event) => { this.show(event.data); this.close(); this.say("over"); this.reload(); });
    this.source.onerror = async () => {
      this.close();
      this.say("lost");
      const refused = await this.refused();
      if (this.source || this.held || document.hidden || !this.isConnected) return;
      if (refused) return this.reload();
      this.wait = Math.min((this.wait || 500) * 2, 30000);
      this.timer = setTimeout(() => this.look(), this.wait);
    };
  }
  // Whether the server answers, and has nothing to stream: who is signed in no longer, or asks for what is gone, is told so.
  async refused() {
    const answer = await fetch(this.dataset.src, { headers: { "HX-Request": "true" } }).catch(() => null);
    return answer && answer.status < 500 && !answer.headers.has("X-Live");
  }
  // The page is loaded anew, but takes nothing away that somebody is being asked, or has just asked for.
  reload() {
    const dialog = document.querySelector("dialog[open]");
    if (this.leaving) return;
    if (dialog) dialog.addEventListener("close", () => this.reload());
    else if (document.querySelector(".htmx-request")) document.addEventListener("htmx:afterSettle", () => this.reload(), { once: true });
    else {
      keep();
      location.reload();
    }
  }
  close() { clearTimeout(this.timer); if (this.source) this.source.close(); this.source = null; }
  say(state) { this.querySelector("[data-state]").textContent = this.dataset[state]; }
  // What is read out changes with the phase and every quarter alone; the numbers tick unheard.
  show(html) {
    this.querySelector("[data-part]").innerHTML = html;
    const said = this.querySelector("[data-said]").dataset.said, heard = this.querySelector("[role=status]");
    if (heard.textContent !== said) heard.textContent = said;
  }
});

// What staff tell the candidate: shown until dismissed, and to be read again at any time. A change of the end of the exam is told likewise.
import { dialog } from "./dialogs.js";
import { announce, fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { pick, said, t } from "./texts.js";
import { clock, minutes } from "./time.js";

export class Messages {
  /** `seen` are the ids that were dismissed, `list` the messages that came before; `note({seen, letters})` remembers both. */
  constructor({ seen, list = [], note }) {
    Object.assign(this, { list, note });
    this.seen = new Set(seen);
    this.told = null;
    this.notices = h("div", { class: "messages" });
    this.button = h("button", { type: "button", class: "button plain", hidden: true, "data-action": "messages", onclick: () => this.#all() });
  }

  show(list) {
    const known = new Set(this.list.map(({ id }) => id));
    const fresh = list.filter(({ id }) => !known.has(id) && !this.seen.has(id));
    if (JSON.stringify(list) !== JSON.stringify(this.list)) this.note({ letters: list });
    this.list = list;
    if (fresh.length) announce(`${t("attempt.message_from")}: ${fresh.map(({ text }) => pick(text)).join(" ")}`);
    this.draw();
  }

  /** The exam ends at another time than the page said; both as the service writes them. */
  deadline(before, now) {
    const more = Math.round((Date.parse(now) - Date.parse(before)) / 60000);
    const key = more > 0 ? "attempt.time_given" : "attempt.time_changed";
    this.told = { key, values: { span: minutes(Math.abs(more)), when: clock(now) } };
    announce(t(key, this.told.values));
    this.draw();
  }

  /** Everything in the language of now. */
  draw() {
    const open = this.list.filter(({ id }) => !this.seen.has(id));
    const note = (name, content, done) => h("div", { class: "notice message" }, icon(name), h("div", {}, content),
      h("button", { type: "button", class: "button plain", "data-action": "dismiss", onclick: () => { done(); this.draw(); this.after?.(); } }, t("attempt.message_dismiss")));
    fill(this.notices,
      this.told ? note("clock", h("strong", {}, t(this.told.key, this.told.values)), () => { this.told = null; }) : null,
      open.map((one) => note("mail", this.#words(one), () => { this.seen.add(one.id); this.note({ seen: [...this.seen] }); })));
    this.button.hidden = !this.list.length;
    fill(this.button, icon("mail"), h("span", { class: "numbers" }, String(this.list.length)), h("span", { class: "unseen" }, ` ${t("attempt.messages")}`));
  }

  #words(one) {
    return [h("p", { class: "small quiet" }, t("attempt.message_from"), one.sent_at ? [" · ", clock(one.sent_at)] : null), said("p", one.text)];
  }

  #all() {
    dialog({ title: t("attempt.messages"), content: [h("ul", { class: "list letters" }, this.list.map((one) => h("li", {}, icon("mail"), h("div", {}, this.#words(one)))))] });
  }
}

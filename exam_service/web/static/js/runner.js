// The screen of a running attempt: one question at a time, the clock and the saving above it, the ways to the others around it.
import { announce, app, fill, h } from "./dom.js";
import { dialog } from "./dialogs.js";
import { icon } from "./icons.js";
import { Navigator } from "./navigator.js";
import { questionView } from "./question.js";
import { SaveState } from "./savestate.js";
import { current, other, pick, setLanguage, t } from "./texts.js";
import { digits, minutes } from "./time.js";

const DAY = 86400;

export class Runner {
  /** `changed(item, value)`, `moved()`, `submit()`, `help()`, `again()` are what the page does about the candidate's acts. */
  constructor({ paper, responses, memory, outbox, messages, on }) {
    Object.assign(this, { paper, responses, memory, outbox, messages, on });
    this.items = paper.sections.flatMap((section) => section.items.map((item) => ({ item, section })));
    this.flags = memory.flags;
    this.at = Math.max(0, this.items.findIndex(({ item }) => item.item === memory.place));
    this.left = null;
    this.limited = true;
    this.saving = new SaveState({ numberOf: (item) => this.number(item), again: () => on.again(), kind: () => memory.kind });
    this.bar = h("header", { class: "bar" });
    document.querySelectorAll("body > header.bar").forEach((old) => old.remove());
    document.getElementById("main").before(this.bar);
    this.drawAll();
  }

  number(item) {
    return this.items.findIndex((one) => one.item.item === item) + 1;
  }

  value(item) {
    return this.responses.get(item) ?? null;
  }

  get answered() {
    return this.items.filter(({ item }) => this.value(item.item) !== null).length;
  }

  lists() {
    const names = this.items.map(({ item }) => item.item);
    return { unanswered: names.filter((item) => this.value(item) === null), flagged: names.filter((item) => this.flags.has(item)) };
  }

  /** Everything in the language of now. */
  drawAll() {
    this.timer = h("div", { class: "timer", role: "timer", "aria-label": t("attempt.time_left") });
    this.meter = h("progress", { class: "done", max: this.items.length, "aria-label": t("attempt.all_questions") });
    fill(this.bar, h("div", { class: "bar-in" },
      h("h1", { class: "exam-title" }, pick(this.paper.title)),
      this.timer, this.saving.bar,
      h("div", { class: "tools" },
        this.messages.button,
        h("a", { class: "language", href: `?lang=${other()}`, lang: other(), hreflang: other(), onclick: (event) => this.#switch(event) }, t("common.switch_short"), h("span", { class: "unseen" }, ` (${t("common.switch")})`)),
        h("button", { type: "button", class: "button plain round", "aria-label": t("attempt.help"), "data-action": "help", onclick: () => this.on.help() }, icon("help")))),
      this.meter);
    this.navigators = [this.#navigator((item) => this.go(item))];
    this.question = h("div", { class: "question-place" });
    this.steps = h("nav", { class: "steps", "aria-label": t("attempt.all_questions") });
    this.count = h("p", { class: "quiet small" });
    app().removeAttribute("aria-busy");
    fill(app(), this.saving.strip, this.messages.notices, h("div", { class: "runner" },
      h("div", { class: "desk" }, this.question, this.steps),
      h("aside", { class: "side card", "aria-label": t("attempt.all_questions") },
        h("h2", {}, t("attempt.all_questions")), this.count, this.navigators[0].element,
        h("button", { type: "button", class: "button primary wide", "data-action": "submit", onclick: () => this.on.submit() }, icon("send"), t("attempt.submit")))));
    this.messages.draw();
    this.saving.show(this.outbox.state);
    this.tick(this.left, this.saving.sure);
    this.draw();
  }

  /** Show the question of now; `focus` moves to its heading, so that it is read out. */
  draw({ focus = false } = {}) {
    const { item, section } = this.items[this.at];
    const view = questionView({
      item, number: this.at + 1, count: this.items.length, section: this.paper.sections.length > 1 ? section.title : null,
      value: this.value(item.item), flagged: this.flags.has(item.item), rejected: this.outbox.state.rejected.includes(item.item),
      change: (value) => this.#answer(item.item, value), flag: () => this.flag(),
    });
    fill(this.question, view.element);
    const last = this.at === this.items.length - 1;
    fill(this.steps,
      h("button", { type: "button", class: "button", "data-action": "previous", disabled: this.at === 0, onclick: () => this.step(-1) }, icon("back"), h("span", {}, t("attempt.previous"))),
      h("button", { type: "button", class: "button plain where", "data-action": "all", onclick: () => this.#sheet() }, icon("grid"), h("span", { class: "numbers" }, t("attempt.place", { number: this.at + 1, count: this.items.length }))),
      last
        ? h("button", { type: "button", class: "button primary", "data-action": "finish", onclick: () => this.on.submit() }, h("span", {}, t("attempt.finish")))
        : h("button", { type: "button", class: "button primary", "data-action": "next", onclick: () => this.step(1) }, h("span", {}, t("attempt.next")), icon("arrow")));
    this.update();
    document.title = `${t("attempt.question", { number: this.at + 1 })} · ${pick(this.paper.title)}`;
    if (focus) {
      window.scrollTo(0, 0);
      view.heading.focus({ preventScroll: true });
    }
  }

  update() {
    for (const navigator of this.navigators) navigator.update();
    this.meter.value = this.answered;
    this.count.textContent = t("attempt.answered_count", { done: this.answered, count: this.items.length });
  }

  step(by) {
    const next = this.at + by;
    if (next >= 0 && next < this.items.length) this.go(this.items[next].item.item);
  }

  go(item) {
    this.at = this.number(item) - 1;
    this.memory.place = item;
    this.on.moved();
    this.draw({ focus: true });
  }

  flag() {
    const { item } = this.items[this.at].item;
    if (!this.flags.delete(item)) this.flags.add(item);
    this.memory.flags = this.flags;
    this.update();
    return this.flags.has(item);
  }

  pressFlag() {
    this.question.querySelector("[data-action=flag]").click();
  }

  choose(number) {
    this.question.querySelector(`[data-choice="${number}"]`)?.click();
  }

  /** So many seconds are left, or about so many when nobody could be asked; null when time is not limited. */
  tick(left, sure = true) {
    this.left = left;
    this.limited = left !== null;
    this.saving.known(sure || !this.limited);
    const about = sure || !this.limited ? "" : "≈ ";
    const words = about + (!this.limited ? t("attempt.no_limit") : left >= DAY ? t("attempt.days", { n: Math.floor(left / DAY) }) : digits(left));
    if (this.timer.dataset.words === words) return;
    this.timer.dataset.words = words;
    this.timer.className = `timer ${!this.limited ? "" : left <= 60 ? "bad" : left <= 300 ? "warn" : ""}`;
    fill(this.timer, icon("clock"), h("span", { class: "numbers" }, words));
  }

  mark(seconds) {
    announce(t("attempt.mark_left", { span: minutes(seconds / 60) }));
  }

  /** No more answers here. */
  freeze() {
    app().inert = true;
  }

  thaw() {
    app().inert = false;
  }

  #answer(item, value) {
    this.responses.set(item, value);
    this.on.changed(item, value);
    this.update();
  }

  /** The answer as the candidate decided elsewhere than in the question. */
  show(item, value) {
    this.responses.set(item, value);
    this.update();
    if (this.items[this.at].item.item === item) this.draw();
  }

  #navigator(go) {
    const sections = this.paper.sections;
    return new Navigator({
      sections, go,
      describe: (item) => ({ answered: this.value(item) !== null, flagged: this.flags.has(item), current: this.items[this.at].item.item === item }),
    });
  }

  // On a phone the grid comes as a sheet.
  #sheet() {
    const navigator = this.#navigator((item) => {
      sheet.close();
      this.go(item);
    });
    this.navigators.push(navigator);
    const sheet = dialog({
      title: t("attempt.all_questions"), kind: "sheet",
      content: [h("p", { class: "quiet" }, t("attempt.answered_count", { done: this.answered, count: this.items.length })), navigator.element],
      actions: [{ label: t("common.close") }, { label: t("attempt.finish"), primary: true, name: "finish", act: () => { setTimeout(() => this.on.submit()); } }],
      closed: () => { this.navigators = this.navigators.filter((one) => one !== navigator); },
    });
  }

  #switch(event) {
    event.preventDefault();
    setLanguage(current() === "th" ? "en" : "th");
    this.drawAll();
    this.bar.querySelector(".language").focus();
  }
}

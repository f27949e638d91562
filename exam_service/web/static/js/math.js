// A small part of TeX as MathML, built element by element. What it does not know is shown as it is written.

const MATHML = "http://www.w3.org/1998/Math/MathML";

const letters = (names, first) => Object.fromEntries(names.split(" ").map((name, n) => [name, String.fromCodePoint(first + n)]).filter(([name]) => name !== "-"));

const GREEK = {
  ...letters("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi - pi rho - sigma tau upsilon phi chi psi omega", 0x3b1),
  Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ", Xi: "Ξ", Pi: "Π", Sigma: "Σ", Phi: "Φ", Psi: "Ψ", Omega: "Ω",
};
const OPERATORS = {
  times: "×", cdot: "·", div: "÷", pm: "±", mp: "∓", le: "≤", leq: "≤", ge: "≥", geq: "≥", ne: "≠", neq: "≠", approx: "≈", equiv: "≡",
  sim: "∼", propto: "∝", to: "→", rightarrow: "→", Rightarrow: "⇒", leftarrow: "←", sum: "∑", prod: "∏", int: "∫", in: "∈", notin: "∉",
  subset: "⊂", cup: "∪", cap: "∩", land: "∧", lor: "∨", neg: "¬", forall: "∀", exists: "∃", ldots: "…", dots: "…", cdots: "⋯", mid: "|",
  "%": "%", "$": "$", "#": "#", "&": "&", "{": "{", "}": "}", _: "_", "|": "‖",
};
const NAMES = { infty: "∞", degree: "°", circ: "°", angle: "∠", emptyset: "∅" };
const FUNCTIONS = ["log", "ln", "sin", "cos", "tan", "max", "min", "lim", "exp"];
const ACCENTS = { bar: "¯", overline: "¯", hat: "^", tilde: "~", vec: "→", dot: "˙" };
const SPACES = { ",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.33em", quad: "1em", qquad: "2em", "!": "-0.17em" };
const STACKED = "∑∏";

/** The formula as <math>, or its source as text when it cannot be read or the browser has no MathML. */
export function math(source) {
  if (!("MathMLElement" in window)) return document.createTextNode(source);
  try {
    const reader = new Reader(source);
    const row = reader.row(null);
    const element = m("math", ...row);
    element.setAttribute("class", "math");
    // Full-size fractions and sums can be read on a phone; those of running text cannot.
    element.setAttribute("displaystyle", "true");
    element.setAttribute("alttext", source);
    return element;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return document.createTextNode(`$${source}$`);
  }
}

class Unreadable extends Error {}

class Reader {
  constructor(source) {
    this.tokens = source.match(/\\[A-Za-z]+|\\.|[0-9]+(?:[.,][0-9]+)*|[\s\S]/gu) ?? [];
    this.at = 0;
    this.depth = 0;
  }

  row(end) {
    if (++this.depth > 30) throw new Unreadable("too deep");
    const found = [];
    while (this.at < this.tokens.length && this.tokens[this.at] !== end) {
      const one = this.scripted();
      if (one) found.push(one);
    }
    if (end !== null && this.tokens[this.at++] !== end) throw new Unreadable(`no ${end}`);
    this.depth -= 1;
    return found;
  }

  scripted() {
    const base = this.atom();
    let [sub, sup] = [null, null];
    for (;;) {
      this.blanks();
      const mark = this.tokens[this.at];
      if (mark === "_" && !sub) sub = this.script();
      else if (mark === "^" && !sup) sup = this.script();
      else if (mark === "'" && !sup) { this.at += 1; sup = m("mo", "′"); }
      else break;
    }
    if (!sub && !sup) return base;
    const under = base?.localName === "mo" && STACKED.includes(base.textContent);
    const inner = base ?? m("mrow");
    if (sub && sup) return m(under ? "munderover" : "msubsup", inner, sub, sup);
    return sub ? m(under ? "munder" : "msub", inner, sub) : m(under ? "mover" : "msup", inner, sup);
  }

  script() {
    this.at += 1;
    return this.argument();
  }

  argument() {
    this.blanks();
    if (this.at >= this.tokens.length) throw new Unreadable("nothing follows");
    // As in TeX, an argument without braces is one digit long: \frac12 is a half.
    const next = this.tokens[this.at];
    if (/^[0-9]./.test(next)) this.tokens.splice(this.at, 1, next[0], next.slice(1));
    const one = this.atom();
    if (!one) throw new Unreadable("nothing follows");
    return one;
  }

  atom() {
    const token = this.tokens[this.at++];
    if (/^\s$/u.test(token)) return null;
    if (token === "{") return group(this.row("}"));
    if (token === "}" || token === "^" || token === "_") { this.at -= 1; if (token === "}") throw new Unreadable("a } too many"); return m("mrow"); }
    if (/^[0-9]/.test(token)) return m("mn", token);
    if (token.startsWith("\\")) return this.command(token.slice(1));
    if (/^\p{L}$/u.test(token)) return /^\p{Script=Latin}|\p{Script=Greek}$/u.test(token) ? m("mi", token) : this.words(token);
    if (/^\p{M}$/u.test(token)) return this.words(token);
    return m("mo", token === "-" ? "−" : token === "*" ? "∗" : token);
  }

  // Thai and other scripts without italics: letters and marks stay together as a word.
  words(first) {
    let word = first;
    while (/^[\p{L}\p{M}]$/u.test(this.tokens[this.at] ?? "") && !/^\p{Script=Latin}$/u.test(this.tokens[this.at])) word += this.tokens[this.at++];
    return m("mtext", word);
  }

  command(name) {
    if (name in GREEK) return m("mi", GREEK[name]);
    if (name in OPERATORS) return m("mo", OPERATORS[name]);
    if (name in NAMES) return m("mi", NAMES[name]);
    if (FUNCTIONS.includes(name)) return m("mi", name);
    if (name in SPACES) return space(SPACES[name]);
    if (name in ACCENTS) return accent(this.argument(), ACCENTS[name]);
    if (name === "left" || name === "right") return this.fence();
    if (name === "frac" || name === "dfrac" || name === "tfrac") return m("mfrac", this.argument(), this.argument());
    if (name === "sqrt") return this.root();
    if (["text", "mathrm", "textbf", "operatorname"].includes(name)) return m("mtext", this.raw());
    return m("mtext", `\\${name}`);
  }

  fence() {
    const token = this.tokens[this.at++];
    if (token === undefined) throw new Unreadable("no fence");
    return token === "." ? null : m("mo", token.replace(/^\\/, ""));
  }

  root() {
    this.blanks();
    if (this.tokens[this.at] !== "[") return m("msqrt", this.argument());
    this.at += 1;
    const index = group(this.row("]"));
    return m("mroot", this.argument(), index);
  }

  raw() {
    this.blanks();
    if (this.tokens[this.at++] !== "{") throw new Unreadable("no {");
    let [text, open] = ["", 1];
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at++];
      open += (token === "{") - (token === "}");
      if (!open) return text;
      text += token;
    }
    throw new Unreadable("no }");
  }

  blanks() {
    while (/^\s$/u.test(this.tokens[this.at] ?? "")) this.at += 1;
  }
}

function m(tag, ...children) {
  const element = document.createElementNS(MATHML, tag);
  element.append(...children);
  return element;
}

const group = (row) => (row.length === 1 ? row[0] : m("mrow", ...row));

function accent(base, sign) {
  const over = m("mover", base, m("mo", sign));
  over.setAttribute("accent", "true");
  return over;
}

function space(width) {
  const element = m("mspace");
  element.setAttribute("width", width);
  return element;
}

// `world` lets a test move time, decide how the next sends end, and see what was sent, kept and said.
async ({ draft, script }) => {
  const { Outbox } = await import("/static/js/outbox.js");
  const timers = [];
  let now = 1000000, id = 0;
  const world = {
    sent: [], kept: [], said: [], outcomes: [], open: [], sure: true,
    settle: () => new Promise((resolve) => setTimeout(resolve, 0)),
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        const due = timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers.splice(timers.indexOf(due), 1);
        now = Math.max(now, due.at);
        due.f();
        await world.settle();
      }
      now = until;
      await world.settle();
    },
    waits: () => timers.map((one) => one.at - now),
  };
  const error = (status, code, more = {}) => Object.assign(new Error(code), { status, code, faults: [], waitMs: null, ...more });
  const send = (body) => {
    world.sent.push(body);
    const outcome = world.outcomes.shift() ?? "ok";
    if (outcome === "hang") return new Promise((resolve, reject) => world.open.push({ resolve: () => resolve(ack(body)), reject }));
    if (outcome === "ok") return Promise.resolve(ack(body));
    if (outcome === "lost") return Promise.reject(new Error("network"));
    return Promise.reject(error(...outcome));
  };
  const ack = (body) => ({ seq: JSON.parse(body).seq, received_at: "2026-11-22T03:00:00Z", seconds_left: 100 });
  const { together } = await import("/static/js/evidence.js");
  const clock = { stamp: (receipt) => ({ clock: "one", ran: now, at: now, receipt }), since: (one) => ({ ms: now - one.ran, monotonic: one.clock === "one" }), together };
  const outbox = new Outbox({
    epoch: 1, draft, send, random: () => 0.5, now: () => now, clock, sure: () => world.sure, contactAgo: () => 1234,
    keep: (kept) => world.kept.push(JSON.parse(JSON.stringify(kept))),
    tell: (state, acknowledged) => world.said.push({ ...state, acknowledged: Boolean(acknowledged) }),
    timers: { setTimeout: (f, ms) => (timers.push({ id: ++id, f, at: now + ms }), id), clearTimeout: (one) => {
      const at = timers.findIndex((timer) => timer.id === one);
      if (at >= 0) timers.splice(at, 1);
    } },
  });
  const extra = await new (Object.getPrototypeOf(async () => {}).constructor)("outbox", "world", script)(outbox, world);
  return { sent: world.sent.map((body) => JSON.parse(body)), bodies: world.sent, kept: world.kept, said: world.said, state: outbox.state, waits: world.waits(), extra };
}

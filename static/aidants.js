// Aidants: small comforts. Every page works without this file.
const each = (root, selector, act) => root.querySelectorAll(selector).forEach(act);

// An error summary takes focus; its links reach the field, or the first field of a group.
addEventListener("click", (event) => {
  const link = event.target.closest?.(".govuk-error-summary a[href^='#']");
  const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target) return;
  const field = target.matches("input,select,textarea") ? target : target.querySelector("input,select,textarea");
  if (!field) return;
  event.preventDefault();
  (field.closest("fieldset")?.querySelector("legend") ?? field.labels?.[0] ?? field).scrollIntoView();
  field.focus({ preventScroll: true });
});

// Questions asked only after a given answer: data-controls names what the choice shows.
const reveal = () =>
  each(document, "[data-controls]", (input) => {
    const part = document.getElementById(input.dataset.controls);
    if (part) part.hidden = !input.checked;
  });
addEventListener("change", reveal);

// The same form, or button link, twice within two seconds counts once.
const last = new WeakMap();
const twice = (event, element) => {
  if (!element || event.ctrlKey || event.metaKey) return;
  if (event.timeStamp - (last.get(element) ?? -9e3) < 2000) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else last.set(element, event.timeStamp);
};
addEventListener("submit", (event) => twice(event, event.target), true);
addEventListener("click", (event) => twice(event, event.target.closest?.("a.govuk-button")), true);

// The folded menu closes with Escape or a click elsewhere.
const close = (focus, inside) =>
  each(document, "details.menu[open]", (menu) => {
    if (menu.contains(inside)) return;
    menu.open = false;
    if (focus) menu.firstElementChild.focus();
  });
addEventListener("keydown", (event) => event.key === "Escape" && close(true));
addEventListener("click", (event) => close(false, event.target));

// « Afficher » beside a password; hidden again before it leaves.
addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-shows]");
  if (!button) return;
  const field = document.getElementById(button.dataset.shows);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.textContent = shown ? button.dataset.hide : button.dataset.show;
});
addEventListener("submit", (event) =>
  each(event.target, "input[autocomplete*=password]", (field) => (field.type = "password")));

// Read aloud, only where a voice of the page's language lives on this machine.
const voice = () =>
  globalThis.speechSynthesis?.getVoices().find((v) => v.localService && v.lang.startsWith(document.documentElement.lang));
const listen = () => each(document, "[data-speaks]", (button) => (button.hidden = !voice()));
const speak = ({ target }) => {
  const text = document.querySelector(target.closest?.("[data-speaks]")?.dataset.speaks ?? "none")?.innerText;
  if (!text) return;
  speechSynthesis.cancel();
  const words = new SpeechSynthesisUtterance(text);
  words.voice = voice();
  words.rate = 0.9;
  speechSynthesis.speak(words);
};
addEventListener("click", speak);

// Text size of the resident's screen: three steps, kept on this device.
const sized = (step) => document.documentElement.classList.toggle("size-" + step, localStorage.size === String(step));
addEventListener("click", ({ target }) => {
  if (!target.closest?.("[data-sizes]")) return;
  localStorage.size = (Number(localStorage.size || 1) % 3) + 1;
  [2, 3].forEach(sized);
});

// A signature drawn with a finger or a mouse: points only, neither times nor pressure. The typed name is enough without it.
const sign = (box) => {
  const canvas = box.querySelector("canvas");
  const field = box.querySelector("input");
  const pen = canvas.getContext("2d");
  const strokes = field.value ? field.value.slice(1).split("M").map((points) => points.split("L")) : [];
  let stroke = null;
  const draw = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 6;
    pen.lineCap = pen.lineJoin = "round";
    const path = strokes.filter((points) => points.length > 1).map((points) => "M" + points.join("L")).join("");
    pen.stroke(new Path2D(path));
    field.value = path;
  };
  const add = (event) => {
    const frame = canvas.getBoundingClientRect();
    const at = (part, most) => Math.round(Math.min(Math.max(part, 0), 1) * most);
    const point = `${at((event.clientX - frame.x) / frame.width, canvas.width)} ${at((event.clientY - frame.y) / frame.height, canvas.height)}`;
    if (stroke.at(-1) !== point && field.value.length < 2e4) stroke.push(point);
    draw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    strokes.push((stroke = []));
    add(event);
  });
  canvas.addEventListener("pointermove", (event) => stroke && add(event));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (stroke = null));
  box.querySelector("button").addEventListener("click", () => {
    strokes.length = 0;
    draw();
  });
  box.hidden = false;
  draw();
};

// Two minutes before the session ends for want of activity (in any tab), one key keeps it. A resident's page, which counts for
// itself, then leaves the screen.
const session = document.querySelector("dialog[data-idle]");
const leaves = session?.dataset.leaves;
const kept = leaves ? {} : localStorage;
const seen = () => session && (kept.seen = Date.now());
const watch = () => {
  const left = Number(session.dataset.idle) - (Date.now() - kept.seen) / 1000;
  if (left <= 0 && leaves) location.replace(leaves);
  if (left > 120 && session.open) session.close();
  if (left <= 120 && !session.open) session.showModal();
};
session?.addEventListener("close", async () => {
  if (session.returnValue !== "stay") return;
  session.returnValue = "";
  const answer = await fetch(session.dataset.ping, { redirect: "manual" });
  if (answer.ok) seen();
  else location.reload();
});
document.addEventListener("htmx:after:request", seen);
if (session) {
  seen();
  setInterval(watch, 5000);
}

// The code of a sheet comes after the # of its address: it goes into its box, and out of the address and the history.
const code = document.querySelector("[data-fills=hash]");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

const start = () => {
  document.querySelector("[data-focus]")?.focus();
  each(document, "[data-shows],[data-sizes],[data-prints]", (button) => (button.hidden = false));
  each(document, "[data-signs][hidden]", sign);
  reveal();
  listen();
};
addEventListener("click", ({ target }) => target.closest?.("[data-prints]") && print());
document.addEventListener("htmx:after:swap", start);
globalThis.speechSynthesis?.addEventListener?.("voiceschanged", listen);
if (document.querySelector("[data-sizes]")) [2, 3].forEach(sized);
start();

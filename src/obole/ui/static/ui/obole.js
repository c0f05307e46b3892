// Small comforts. Every page works without this file.
"use strict";

// A form marked data-once is sent once, however many times its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.querySelectorAll("button[type=submit], button:not([type])").forEach((button) => button.setAttribute("aria-disabled", "true"));
});

// Coming back with the browser's button shows the page as it was: let its forms be sent again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

// A click in a field that holds a zero selects it: what is typed then takes its place, instead of standing beside it.
document.addEventListener("click", (event) => {
  const input = event.target;
  if (input.matches("input[inputmode=numeric], input[inputmode=decimal]") && /^0([.,]0*)?$/.test(input.value)) input.select();
});

// <input type="checkbox" data-select-all="name"> ticks every box of that name in its form;
// an element with data-selected="name" shows how many are ticked.
document.querySelectorAll("[data-select-all]").forEach((box) => { box.hidden = false; });

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.type !== "checkbox") return;
  const scope = box.form || document;
  const name = box.dataset.selectAll || box.name;
  const all = [...scope.querySelectorAll("input[type=checkbox]")].filter((one) => one.name === name && !one.dataset.selectAll);
  if (box.dataset.selectAll) all.forEach((one) => { one.checked = box.checked; });
  const ticked = all.filter((one) => one.checked).length;
  scope.querySelectorAll("[data-select-all]").forEach((one) => {
    if (one.dataset.selectAll !== name) return;
    one.checked = ticked > 0 && ticked === all.length;
    one.indeterminate = ticked > 0 && ticked < all.length;
  });
  scope.querySelectorAll("[data-selected]").forEach((place) => {
    if (place.dataset.selected === name) place.textContent = String(ticked);
  });
});

// « / » puts the cursor in the field marked data-slash, unless somebody writes, or switched it off here (WCAG 2.1.4).
const slash = {
  get off() { try { return localStorage.getItem("slash") === "off"; } catch { return false; } },
  set off(value) { try { localStorage.setItem("slash", value ? "off" : "on"); } catch { /* storage is refused here: the key goes on */ } },
};
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-slash]");
  const writes = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !field || writes || slash.off) return;
  event.preventDefault();
  field.focus();
  field.select();
});

// A box marked data-slash-switch, hidden without this file, says whether « / » does it in this browser.
document.querySelectorAll("[data-slash-switch]").forEach((box) => {
  box.checked = !slash.off;
  box.closest("[hidden]").hidden = false;
  box.addEventListener("change", () => { slash.off = !box.checked; });
});

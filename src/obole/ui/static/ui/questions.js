// Questions that depend on others are shown and hidden as one answers. The server decides again when the form is sent: without
// this file they are all shown, with a sentence that says when to fill them.
"use strict";

(() => {
  const COMPARISONS = {
    equals: (one, to) => one === to[0],
    among: (one, to) => to.includes(one),
    above: (one, to) => one > to[0],
    at_least: (one, to) => one >= to[0],
    below: (one, to) => one < to[0],
    at_most: (one, to) => one <= to[0],
    between: (one, to) => to[0] <= one && one <= to[1],
  };

  class Unknown extends Error {}

  const numberOf = (text) => {
    const cleaned = text.replace(/[\s€]/g, "").replace(",", ".");
    return /^\d+(\.\d+)?$/.test(cleaned) ? Number(cleaned) : null;
  };

  const READERS = {
    number: numberOf, decimal: numberOf, amount: numberOf,
    yes_no: (text) => (text === "" ? null : text === "yes"),
  };

  // Each element that holds an answer, by the name that conditions use: in the same row first, then out of rows.
  const find = (root, from, key) => {
    const row = from.closest("[data-row]");
    const inside = row && row.querySelector(`.question[data-key="${key}"]`);
    if (inside) return inside;
    return [...root.querySelectorAll(`.question[data-key="${key}"]`)].find((one) => !one.closest("[data-row]"));
  };

  const controls = (question) => [...question.querySelectorAll("input, select, textarea")].filter((one) => one.type !== "hidden");

  const typed = (question) => {
    const all = controls(question);
    if (all[0] && all[0].type === "radio") return (all.find((one) => one.checked) || { value: "" }).value;
    return all[0] ? all[0].value.trim() : "";
  };

  const answer = (root, from, name) => {
    const [key, part] = name.split("__");
    const question = find(root, from, key);
    if (!question) throw new Unknown(name);
    if (question.closest("[hidden]")) return null;
    const kind = question.dataset.kind;
    if (kind === "several") return ticked(question, key, part);
    if (kind === "period") return controls(question)[part === "from" ? 0 : 1].value || null;
    const text = typed(question);
    return READERS[kind] ? READERS[kind](text) : text || null;
  };

  const fold = (text) => text.replace(/œ/gi, "oe").replace(/æ/gi, "ae").replace(/ß/g, "ss").normalize("NFKD").replace(/[\u0300-\u036f]/g, "")
    .toLowerCase().replace(/[^a-z0-9]+/g, " ").trim().replace(/ /g, "_");

  const ticked = (question, key, part) => {
    const all = controls(question);
    if (!all.some((one) => one.checked)) return null;
    const box = all.find((one) => `${key}__${fold(one.value) || "choix"}`.slice(0, 40) === `${key}__${part}`);
    if (!box) throw new Unknown(part);
    return box.checked;
  };

  const value = (root, from, formula) => {
    if (formula.kind === "answer" && !formula.name.startsWith("@")) return answer(root, from, formula.name);
    if (formula.kind === "number") return Number(formula.value);
    if (["day", "text", "flag"].includes(formula.kind)) return formula.value;
    if (formula.kind === "rows" && !formula.of && !formula.when) {
      const group = root.querySelector(`.group[data-key="${formula.group}"]`);
      return group ? group.querySelectorAll("[data-row]").length : 0;
    }
    throw new Unknown(formula.kind);
  };

  const holds = (root, from, condition) => {
    if (condition.kind === "all") return condition.of.every((one) => holds(root, from, one));
    if (condition.kind === "any") return condition.of.some((one) => holds(root, from, one));
    if (condition.kind === "not") return !holds(root, from, condition.of);
    if (condition.kind !== "compare") throw new Unknown(condition.kind);
    const one = value(root, from, condition.of);
    if (condition.is === "empty") return one === null;
    if (condition.is === "filled") return one !== null;
    const to = (condition.to || []).map((other) => value(root, from, other));
    if (condition.is === "differs") return one !== to[0];
    return one !== null && COMPARISONS[condition.is](one, to);
  };

  const look = (root) => {
    // A question may depend on one that is hidden by another: once more until nothing moves.
    for (let turn = 0, moved = true; moved && turn < 20; turn += 1) {
      moved = false;
      root.querySelectorAll("[data-when]").forEach((one) => {
        let shown = true;
        try {
          shown = holds(root, one, JSON.parse(one.dataset.when));
          one.classList.add("is-live");
        } catch (error) {
          if (!(error instanceof Unknown)) throw error;
        }
        moved = moved || one.hidden === shown;
        one.hidden = !shown;
      });
    }
  };

  const everywhere = () => document.querySelectorAll("[data-questions]").forEach(look);
  const changed = (event) => {
    const root = event.target.closest("[data-questions]");
    if (root) look(root);
  };
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  document.addEventListener("htmx:afterSettle", everywhere);
  window.addEventListener("pageshow", everywhere);
  everywhere();
})();

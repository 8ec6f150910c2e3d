// With consent, what a visitor looks at is remembered and shelves are filled with what fits. Without
// it, and whenever anything is unusual, a page stays as the server made it.
(() => {
  "use strict";
  const EVENTS = "/api/v1/events";
  const RECOMMENDATIONS = "/api/v1/recommendations";
  const PATIENCE = 1000; // ms for a shelf
  const DELAY = 2000; // ms that events wait for company
  const BATCH = 20;
  const STALE = 14 * 60 * 1000; // ms from which on the shop would refuse an event
  const SOURCES = ["personalize", "co-purchase", "popular", "recent"];

  const asked = document.getElementById("ask");
  const choices = document.getElementById("choices");
  const pattern = document.getElementById("card");
  const product = document.querySelector("[data-product]")?.dataset.product;

  // A browser that says so for its visitor has answered already.
  const refused = navigator.globalPrivacyControl === true;
  const consent = () =>
    refused ? "no" : document.cookie.match(/(?:^|; )consent=(yes|no)(?:;|$)/)?.[1];
  const agreed = () => consent() === "yes";

  // Storage may be full or forbidden: then nothing is remembered.
  const load = (store, key) => {
    try {
      return JSON.parse(window[store].getItem(key));
    } catch {
      return null;
    }
  };
  const save = (store, key, value) => {
    try {
      if (value === null) window[store].removeItem(key);
      else window[store].setItem(key, JSON.stringify(value));
    } catch {}
  };
  const seen = () => {
    const found = load("localStorage", "seen");
    return Array.isArray(found) ? found.filter((sku) => typeof sku === "string") : [];
  };

  // Events, in batches that also leave when the visitor does.
  let queue = [];
  let timer = 0;
  const uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID(); // over HTTPS only
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    const now = Date.now();
    queue = agreed() ? queue.filter((event) => now - event.at < STALE) : [];
    while (queue.length) {
      const batch = { id: uuid(), sent_at: now, events: queue.slice(0, BATCH) };
      const body = new Blob([JSON.stringify(batch)], { type: "application/json" });
      if (!navigator.sendBeacon(EVENTS, body)) return; // the browser is busy: with the next ones
      queue.splice(0, BATCH);
    }
  };
  const note = (type, sku, from) => {
    if (!agreed()) return;
    queue.push({ id: uuid(), type, sku, at: Date.now(), ...from });
    timer ||= setTimeout(flush, DELAY);
  };
  // The shelf that led to this product, if one did.
  const way = (sku) => {
    const { sku: shown, ...from } = load("sessionStorage", "way") ?? {};
    return shown === sku ? from : {};
  };

  // Cards like the server's; anything but a proper product is an error.
  const SYMBOLS = { USD: "$", EUR: "€", GBP: "£" };
  const money = ({ amount, currency }) => {
    if (!Number.isInteger(amount) || !/^[A-Z]{3}$/.test(currency)) throw new TypeError("price");
    const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    const text = (amount / 100).toLocaleString("en-US", digits);
    return SYMBOLS[currency] ? SYMBOLS[currency] + text : `${text} ${currency}`;
  };
  const card = ({ sku, slug, name, price, image_url: picture, in_stock: inStock, rating }) => {
    const texts = [sku, slug, name, picture].every((text) => typeof text === "string");
    if (!texts || !sku || !name) throw new TypeError("text");
    if (!/^[a-z0-9-]+$/.test(slug)) throw new TypeError("slug");
    if (!/^(\/(?!\/)|https:\/\/|$)/.test(picture)) throw new TypeError("picture");
    const made = pattern.content.firstElementChild.cloneNode(true);
    const part = (selector) => made.querySelector(selector);
    made.dataset.sku = sku;
    part("a").href = `/p/${slug}`;
    part("img").src = picture.startsWith("/") ? pattern.dataset.pictures + picture : picture;
    part(".name").textContent = name;
    part(".price").textContent = money(price);
    if (inStock) part(".out").remove();
    if (inStock && typeof rating === "number") part(".rate").textContent = rating.toFixed(1);
    else part(".rated").remove();
    return made;
  };

  const fill = async (section) => {
    const { shelf, limit, about } = section.dataset;
    const recent = seen().filter((sku) => sku !== product);
    const query = new URLSearchParams(about);
    if (shelf === "for-you") recent.slice(0, 10).forEach((sku) => query.append("sku", sku));
    if (shelf === "recently-viewed") {
      if (!recent.length) return;
      recent.slice(0, limit).forEach((sku) => query.append("sku", sku));
    }
    query.set("shelf", shelf);
    query.set("limit", limit);
    const stop = new AbortController();
    const patience = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(`${RECOMMENDATIONS}?${query}`, { signal: stop.signal });
      const { items, source, recommendation_id: id } = answer.ok ? await answer.json() : {};
      const cards = items.slice(0, limit).map(card);
      const list = section.querySelector(".cards");
      // Fewer would move the page, and nothing goes from under a finger.
      const touched = section.matches(":hover, :focus-within");
      const fewer = !cards.length || cards.length < list.children.length;
      // What sells is on the page already, or was not missed.
      const nothingNew = section.hidden && source === "popular";
      if (touched || fewer || nothingNew || !SOURCES.includes(source) || !agreed()) return;
      list.replaceChildren(...cards);
      section.dataset.source = source;
      if (typeof id === "string") section.dataset.recommendationId = id;
      else delete section.dataset.recommendationId;
      const title = section.querySelector("h2");
      title.textContent = source === "popular" ? title.dataset.popular : title.dataset.title;
      section.hidden = false;
    } catch {
      // Late, away or garbled: what is there stays.
    } finally {
      clearTimeout(patience);
    }
  };

  document.addEventListener("click", ({ target }) => {
    const sku = target.closest(".shelf .card a")?.closest(".card").dataset.sku;
    if (!sku || !agreed()) return;
    const { shelf, source, recommendationId: id } = target.closest(".shelf").dataset;
    const from = { shelf, source, ...(id && { recommendation_id: id }) };
    save("sessionStorage", "way", { sku, ...from });
    note("Click", sku, from);
  });
  document.addEventListener("added", ({ detail: sku }) => note("AddToCart", sku, way(sku)));
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => document.hidden && flush());

  const begin = () => {
    if (product) {
      note("View", product, way(product));
      const others = seen().filter((sku) => sku !== product);
      save("localStorage", "seen", [product, ...others].slice(0, 12));
    }
    const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 200));
    const later = () => idle(() => document.querySelectorAll(".shelf").forEach(fill));
    if (document.readyState === "complete") later();
    else addEventListener("load", later, { once: true });
  };
  const forget = () => {
    queue = [];
    save("localStorage", "seen", null);
    save("sessionStorage", "way", null);
  };

  // The question, until it is answered, and the answer, which can be changed at any time.
  const show = () => {
    if (asked) asked.hidden = Boolean(choices || consent());
    if (!choices) return;
    choices.hidden = false;
    choices.querySelector(".refused").hidden = !refused;
    choices.querySelectorAll("button").forEach((button) => {
      button.disabled = refused;
      button.setAttribute("aria-pressed", String(button.dataset.consent === (consent() ?? "no")));
    });
  };
  document.addEventListener("click", ({ target }) => {
    const answer = target.closest("[data-consent]")?.dataset.consent;
    if (!answer) return;
    const before = consent();
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `consent=${answer}; Max-Age=${180 * 86400}; Path=/; SameSite=Lax${secure}`;
    show();
    if (asked) asked.hidden = true; // also where cookies are not kept
    if (answer === "no") forget();
    else if (before !== "yes") begin();
    const said = answer === "yes" ? "Thank you." : "We will not.";
    document.dispatchEvent(new CustomEvent("tell", { detail: `${said} You can change this at the foot of every page.` }));
  });

  show();
  if (agreed()) {
    // A page made ahead of a visit has not been looked at.
    if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
    else begin();
  } else if (consent() === "no") forget();
})();

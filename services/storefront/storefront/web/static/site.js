// The shop works without this script. With it, adding to the cart keeps you on the page, and
// choices take effect without a button.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  const say = document.getElementById("say");
  let timer;
  const tell = (text) => {
    say.textContent = text;
    say.classList.add("on");
    clearTimeout(timer);
    timer = setTimeout(() => say.classList.remove("on"), 4000);
  };

  document.addEventListener("tell", ({ detail }) => tell(detail));

  const badge = (count) => {
    const mark = document.querySelector("#cart .count");
    mark.querySelector(".n").textContent = Math.min(count, 999);
    mark.hidden = !count;
  };

  // Add to cart and stay here; if anything is unusual, send the form as usual.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.add) return;
    event.preventDefault();
    const button = form.querySelector("button");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams(new FormData(form)),
      });
      if (!answer.ok || !answer.headers.get("content-type").startsWith("application/json")) {
        throw new Error(answer.status);
      }
      const { count } = await answer.json();
      badge(count);
      tell(form.dataset.add + " is in your cart.");
      document.dispatchEvent(new CustomEvent("added", { detail: form.elements.sku.value }));
    } catch {
      form.submit();
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  // Sorting and quantities apply as soon as they are chosen.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form && form.reportValidity()) form.requestSubmit();
  });

  // Country, shipping and coupon change the totals: ask the server, which alone can count.
  const checkout = document.getElementById("checkout");
  if (checkout) {
    let latest = 0;
    const update = async () => {
      const turn = ++latest;
      const fields = new URLSearchParams(new FormData(checkout));
      fields.set("action", "update");
      const answer = await fetch("/checkout", { method: "POST", body: fields });
      if (!answer.ok || turn !== latest) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of ["#summary"]) {
        const fresh = page.querySelector(part);
        if (fresh) document.querySelector(part).replaceWith(fresh);
      }
      const prices = page.querySelectorAll(".pick-price");
      document.querySelectorAll(".pick-price").forEach((old, at) => {
        if (prices[at]) old.textContent = prices[at].textContent;
      });
    };
    checkout.addEventListener("change", (event) => {
      if (event.target.matches("[data-totals], [name=coupon]")) update().catch(() => {});
    });
    checkout.addEventListener("submit", (event) => {
      if (!event.submitter || !event.submitter.matches("[data-pay]")) return;
      if (checkout.dataset.sent) event.preventDefault();
      checkout.dataset.sent = "1";
      event.submitter.setAttribute("aria-busy", "true");
    });
    addEventListener("pageshow", () => delete checkout.dataset.sent);
  }
})();

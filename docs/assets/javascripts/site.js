/* Charts: drawn when they come near the screen; the static picture stays until one stands. */
(() => {
  const bundle = new URL("vega.js", document.currentScript.src).href;
  let loading;

  function load() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = bundle;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`cannot load ${bundle}`));
      document.head.append(script);
    });
    return loading;
  }

  async function draw(body) {
    const figure = body.closest("figure");
    const picture = body.querySelector("img");
    const [response] = await Promise.all([fetch(figure.querySelector(".rx-chart-source").href), load()]);
    if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
    const chart = document.createElement("div");
    chart.className = "rx-chart";
    body.append(chart);
    figure.classList.add("rx-figure--live");
    try {
      const spec = { ...(await response.json()), description: picture.alt };
      await window.vegaEmbed(chart, spec, { renderer: "svg", actions: false, ast: true });
    } catch (error) {
      figure.classList.remove("rx-figure--live");
      chart.remove();
      throw error;
    }
  }

  const nearby = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        nearby.unobserve(entry.target);
        draw(entry.target);
      }
    },
    { rootMargin: "600px" },
  );

  /* The theme's copy buttons stand in unnamed landmarks, its wide tables out of the keyboard's reach. */
  const mend = () => {
    document.querySelectorAll("nav.md-code__nav").forEach((nav, number) => {
      if (!nav.ariaLabel) nav.ariaLabel = `Code block ${number + 1}`;
    });
    document.querySelectorAll(".md-typeset__scrollwrap").forEach((wrap) => {
      if (wrap.scrollWidth > wrap.clientWidth) wrap.tabIndex = 0;
    });
  };
  new MutationObserver(mend).observe(document.documentElement, { childList: true, subtree: true });
  addEventListener("resize", mend);

  document$.subscribe(() => {
    document.querySelectorAll("[data-rx-chart]").forEach((body) => nearby.observe(body));
  });
})();

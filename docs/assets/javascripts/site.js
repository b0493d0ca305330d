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

  /* Long work gives way to what else the page has to do. */
  const pause = () => new Promise((resume) => setTimeout(resume));

  /* The first run asks every operator of the chart: here it rests after each hundredth of a second. */
  async function patiently(view) {
    const operators = Object.values(view._runtime.nodes);
    let since = performance.now();
    for (const operator of operators) {
      operator.run = (pulse) => {
        const go = () => Object.getPrototypeOf(operator).run.call(operator, pulse);
        if (performance.now() - since < 10) return go();
        return pause().then(() => ((since = performance.now()), go()));
      };
    }
    await view.runAsync();
    for (const operator of operators) delete operator.run;
  }

  async function draw(body) {
    const figure = body.closest("figure");
    const picture = body.querySelector("img");
    const source = figure.querySelector(".rx-chart-source").href.replace(/vl\.json$/, "vg.json");
    const [response] = await Promise.all([fetch(source), load()]);
    if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
    const spec = await response.json();
    if (figure.closest(".rx-home") && matchMedia("(max-width: 37.5rem)").matches) spec.height = 240;
    const chart = document.createElement("div");
    chart.className = "rx-chart";
    body.append(chart);
    try {
      await pause();
      const { parse, View, interpreter, Tooltip } = window.vega;
      /* no script from text and no style element: the page's policy allows neither */
      const flow = parse(spec, {}, { ast: true });
      await pause();
      const view = new View(flow, { expr: interpreter, renderer: "svg", container: chart });
      view.tooltip(new Tooltip({ disableDefaultStyle: true }).call).description(picture.alt);
      await pause();
      await patiently(view);
      chart.view = view; // for tests: what is drawn, in the units of the axes
      for (const signal of spec.signals ?? []) if (signal.bind) dress(chart, signal, spec);
      figure.classList.add("rx-figure--live");
    } catch (error) {
      chart.remove();
      throw error;
    }
  }

  /* Vega's controls get what they lack: the value as people read it, a group's name, a button that plays. */
  function dress(chart, { name, bind }, { signals, usermeta }) {
    const input = chart.querySelector(`.vega-bind [name="${name}"]`);
    const line = input.closest(".vega-bind");
    if (bind.input === "radio") {
      const group = line.querySelector(".vega-bind-radio");
      group.role = "radiogroup";
      group.ariaLabel = bind.name;
    }
    if (bind.input !== "range") return;
    input.nextElementSibling.remove(); // Vega's own, which shows the bare number
    const value = document.createElement("span");
    value.className = "rx-chart__value";
    value.ariaHidden = true; // the slider itself says it
    line.append(value);
    const shown = signals.some((signal) => signal.name === `${name}_text`) ? `${name}_text` : name;
    const show = (_, text) => (value.textContent = input.ariaValueText = text);
    show(shown, chart.view.signal(shown));
    chart.view.addSignalListener(shown, show);
    if (usermeta?.play === name) line.append(player(input, bind));
  }

  /* Moves a slider from end to end, and only when asked to; hidden from who prefers less motion. */
  function player(input, { name, min, max, step }) {
    const button = document.createElement("button");
    const stride = Math.max(1, Math.round((max - min) / step / 100));
    let timer;
    const stop = () => {
      timer = clearInterval(timer);
      button.className = "rx-chart__play";
      button.ariaLabel = `Play: ${name}`;
    };
    button.type = "button";
    button.addEventListener("click", () => {
      if (timer) return stop();
      if (Number(input.value) >= max) input.value = min;
      button.className += " rx-chart__play--on";
      button.ariaLabel = "Stop";
      timer = setInterval(() => {
        input.stepUp(stride);
        input.dispatchEvent(new Event("input"));
        if (!input.isConnected || Number(input.value) >= max) stop();
      }, 90);
    });
    input.addEventListener("pointerdown", stop);
    input.addEventListener("keydown", stop);
    stop();
    return button;
  }

  /* A phone that opens a page has better things to do: there it waits for the first sign of a reader. */
  const reader = new Promise((resolve) => {
    for (const sign of ["pointermove", "pointerdown", "wheel", "scroll", "keydown", "focusin"])
      addEventListener(sign, resolve, { once: true, passive: true, capture: true });
    setTimeout(resolve, 8000);
  });

  const nearby = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        nearby.unobserve(target);
        if (target.closest(".rx-home") || matchMedia("(min-width: 60rem)").matches) draw(target);
        else reader.then(() => draw(target));
      }
    },
    { rootMargin: "600px" },
  );

  /* The theme's copy buttons stand in unnamed landmarks, its wide tables out of the keyboard's reach. */
  const mend = () => {
    document.querySelectorAll("nav.md-code__nav").forEach((nav, number) => {
      if (!nav.ariaLabel) nav.ariaLabel = `Code block ${number + 1}`;
    });
    document.querySelectorAll(".md-typeset__scrollwrap").forEach((wrap) => wide.observe(wrap));
  };
  const wide = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  });
  let mending;
  const soon = () => (mending ??= requestAnimationFrame(() => ((mending = undefined), mend())));
  new MutationObserver(soon).observe(document.documentElement, { childList: true, subtree: true });
  addEventListener("resize", soon);

  /* Long lists: a search field and a choice for each filter; the address keeps what is chosen. */
  function control(form, label, element) {
    const line = document.createElement("label");
    line.append(label, element);
    form.append(line);
    return element;
  }

  function filter(list) {
    const items = [...list.querySelectorAll("[data-rx-item]")];
    const values = (item, name) => item.getAttribute(`data-rx-${name.toLowerCase()}`).split("|");
    const address = new URL(location);
    const form = document.createElement("form");
    form.className = "rx-filter";
    form.role = "search";
    form.ariaLabel = "Filter this list";
    const search = control(form, "Contains", document.createElement("input"));
    search.type = "search";
    search.name = "contains";
    const selects = list.dataset.rxFilters.split(", ").map((name) => {
      const select = control(form, name, document.createElement("select"));
      select.name = name.toLowerCase();
      const found = [...new Set(items.flatMap((item) => values(item, name)))];
      select.append(new Option("all", ""), ...found.map((value) => new Option(value)));
      return select;
    });
    const count = document.createElement("output");
    form.append(count);
    for (const field of [search, ...selects]) field.value = address.searchParams.get(field.name) ?? "";
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/);
      let shown = 0;
      for (const item of items) {
        const text = item.textContent.toLowerCase();
        item.hidden = !(
          words.every((word) => text.includes(word)) &&
          selects.every((select) => !select.value || values(item, select.name).includes(select.value))
        );
        shown += !item.hidden;
      }
      for (const heading of list.querySelectorAll("h2")) {
        heading.hidden = !heading.nextElementSibling.querySelector("[data-rx-item]:not([hidden])");
        heading.nextElementSibling.hidden = heading.hidden;
      }
      count.textContent = shown ? `${shown} of ${items.length}` : "Nothing fits: take a choice back";
    };
    form.addEventListener("input", () => {
      apply();
      const chosen = new URL(location);
      for (const field of [search, ...selects]) {
        if (field.value) chosen.searchParams.set(field.name, field.value);
        else chosen.searchParams.delete(field.name);
      }
      history.replaceState(history.state, "", chosen);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    list.prepend(form);
    apply();
  }

  function copyable(link) {
    const button = document.createElement("button");
    const name = `${link.textContent} file ${link.download}`;
    button.type = "button";
    button.className = "rx-copy";
    button.textContent = "Copy";
    button.ariaLabel = `Copy the ${name}`;
    button.addEventListener("click", async () => {
      const response = await fetch(link.href);
      await navigator.clipboard.writeText(await response.text());
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    link.parentElement.append(button);
  }

  /* The whole page as Markdown: a link without scripts, and with them a button that copies it. */
  function copiesPage(button) {
    const source = document.querySelector(".rx-markdown").href;
    button.dataset.rxReady = "";
    button.addEventListener("click", async () => {
      const response = await fetch(source);
      await navigator.clipboard.writeText(await response.text());
      alert$.next("The page is copied as Markdown");
    });
  }

  /* An address may name a block of code that stands in a tab: then that tab is chosen. */
  function showTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let tab = target?.closest(".tabbed-block"); tab; tab = tab.parentElement.closest(".tabbed-block")) {
      const set = tab.closest(".tabbed-set");
      const inputs = set.querySelectorAll(":scope > input");
      inputs[[...tab.parentElement.children].indexOf(tab)].click();
      target.scrollIntoView();
    }
  }
  addEventListener("hashchange", showTarget);

  document$.subscribe(() => {
    document.querySelectorAll("[data-rx-chart]").forEach((body) => nearby.observe(body));
    document.querySelectorAll(".rx-filterable:not(:has(> .rx-filter))").forEach(filter);
    document.querySelectorAll(".rx-files li:not(:has(.rx-copy)) a").forEach(copyable);
    document.querySelectorAll(".rx-copy-page:not([data-rx-ready])").forEach(copiesPage);
    showTarget();
  });
})();

"""The Content-Security-Policy in a real browser: what it lets through, and what it stops."""

from playwright.sync_api import Browser

from tests.site.browsing import open_page

TRY = """() => new Promise((resolve) => {
    const stopped = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        stopped.push(`${event.effectiveDirective} ${event.blockedURI}`);
    });
    const add = (tag, attributes) => {
        document.head.append(Object.assign(document.createElement(tag), attributes));
    };
    window.ran = [];
    add("script", { textContent: "window.ran.push('inline script')" });
    add("script", { src: "https://elsewhere.example/script.js" });
    add("style", { textContent: "body { color: red }" });
    add("link", { rel: "stylesheet", href: "https://elsewhere.example/sheet.css" });
    new Image().src = "https://elsewhere.example/picture.png";
    fetch("https://elsewhere.example/data.json").catch(() => {});
    const timed = document.createElement("button");
    timed.setAttribute("onclick", "window.ran.push('handler')");
    document.body.append(timed);
    timed.click();
    setTimeout(() => {
        try { new Function("window.ran.push('eval')")(); } catch { }
        setTimeout(() => resolve([stopped.sort(), window.ran]), 300);
    }, 0);
})"""


def test_foreign_hosts_eval_and_added_scripts_are_stopped(browser: Browser, base: str) -> None:
    page, wrong = open_page(browser, base, "/404.html")
    assert not wrong
    stopped, ran = page.evaluate(TRY)
    assert stopped == [
        "connect-src https://elsewhere.example/data.json",
        "img-src https://elsewhere.example/picture.png",
        "script-src eval",
        "script-src-attr inline",
        "script-src-elem https://elsewhere.example/script.js",
        "script-src-elem inline",
        "style-src-elem https://elsewhere.example/sheet.css",
        "style-src-elem inline",
    ]
    assert ran == []
    page.context.close()

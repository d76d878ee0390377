"use strict";
// One stream for all tabs of this browser: whoever holds the lock listens and tells the others.
const STALE_MS = 15000;
const LOCK = "tracker-stream";
const UNHEARD = "This page hears nothing from the tracker: its numbers are old.";
const banner = document.querySelector("[data-live]");
let last = Date.now();
let source = null;
let all = banner === null ? {} : { trouble: banner.textContent };
let waiting = null;
let tried = 0;
const others = "BroadcastChannel" in self ? new BroadcastChannel("tracker") : null;
const shared = "locks" in navigator && others !== null;

// Grey is for the eye alone: the banner says why in words.
function grey() {
  const text = Date.now() - last > STALE_MS ? UNHEARD : all.trouble;
  document.documentElement.classList.toggle("stale", Boolean(text));
  if (banner !== null && banner.textContent !== text) banner.textContent = text;
}

function typing() {
  return [...document.querySelectorAll("input[type=text], textarea")]
    .some((field) => field.value !== field.defaultValue);
}

function show(texts) {
  last = Date.now();
  all = { ...all, ...texts };
  for (const place of document.querySelectorAll("[data-k]")) {
    const text = texts[place.dataset.k];
    if (text !== undefined && place.textContent !== text) place.textContent = text;
  }
  grey();
  if (changed() && waiting === null) waiting = setTimeout(anew, 1500);
}

// What there is now has no place on this page: take the page anew, but lose no word.
function changed() {
  const here = document.querySelector("[data-shape]");
  const shape = here === null ? undefined : all[here.dataset.of];
  return shape !== undefined && here.dataset.shape !== shape;
}

function anew() {
  waiting = null;
  if (changed() && !typing()) location.reload();
}

function tell(texts) {
  show(texts);
  if (others !== null) others.postMessage({ texts });
}

function silence() {
  if (source !== null) source.close();
  source = null;
}

function listen() {
  silence();
  source = new EventSource("/api/v1/events");
  source.onmessage = (event) => tell(JSON.parse(event.data));
  source.addEventListener("beat", () => tell({}));
}

// Held for as long as this tab listens; one that was frozen with it loses it to the one in view.
function lead(options) {
  navigator.locks
    .request(LOCK, options, () => { listen(); return new Promise(() => {}); })
    .catch(() => { silence(); lead({}); });
}

function awake() {
  if (document.hidden) {
    if (!shared) silence();
  } else if (!shared || source !== null) {
    listen();
  } else {
    others.postMessage({ hello: true });
  }
}

if (banner !== null) {
  if (others !== null) {
    others.onmessage = (event) => {
      if (event.data.texts !== undefined) show(event.data.texts);
      // Whoever hears nothing any more tells nobody what it heard last.
      else if (source !== null && Date.now() - last <= STALE_MS) others.postMessage({ texts: all });
    };
  }
  if (shared) {
    lead({});
    others.postMessage({ hello: true });
  } else {
    listen();
  }
  // A phone that slept has a dead stream and old numbers: the first message has every text anew.
  document.addEventListener("visibilitychange", awake);
  addEventListener("pageshow", (event) => { if (event.persisted) awake(); });
  setInterval(() => {
    grey();
    const now = Date.now();
    if (document.hidden || now - last <= STALE_MS || now - tried <= STALE_MS) return;
    tried = now;
    if (shared && source === null) lead({ steal: true });
    else listen();
  }, 1000);
}

// What was just done is said once: not again when the page is loaded anew, or kept as a bookmark.
const here = new URL(location.href);
if (here.searchParams.has("said")) {
  here.searchParams.delete("said");
  history.replaceState(null, "", here);
}

// The one-time link carries its code behind the #, which no server and no log ever sees.
const entrance = document.querySelector("form[data-entrance]");
if (entrance !== null && location.hash.length > 1) {
  entrance.elements.code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  entrance.requestSubmit();
}

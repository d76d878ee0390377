"use strict";
// One stream for all tabs of this browser: whoever holds the lock listens and tells the others.
const STALE_MS = 20000;
let last = Date.now();
let source = null;
const others = "BroadcastChannel" in self ? new BroadcastChannel("tracker") : null;

function show(texts) {
  last = Date.now();
  document.documentElement.classList.remove("stale");
  for (const place of document.querySelectorAll("[data-k]")) {
    const text = texts[place.dataset.k];
    if (text !== undefined && place.textContent !== text) place.textContent = text;
  }
}

function listen() {
  if (source !== null) source.close();
  source = new EventSource("/api/v1/events");
  source.onmessage = (event) => {
    const texts = JSON.parse(event.data);
    show(texts);
    if (others !== null) others.postMessage(texts);
  };
}

function silence() {
  if (source !== null) source.close();
  source = null;
}

if (document.querySelector("[data-live]") !== null) {
  if (others !== null) others.onmessage = (event) => show(event.data);
  const shared = "locks" in navigator && others !== null;
  if (shared) {
    navigator.locks.request("tracker-stream", () => new Promise(() => listen()));
  } else {
    listen();
  }
  // A phone that slept has a dead stream and old numbers: take the whole page anew.
  const awake = () => {
    if (document.hidden) { if (!shared) silence(); }
    else if (Date.now() - last > STALE_MS) location.reload();
    else if (!shared) listen();
  };
  document.addEventListener("visibilitychange", awake);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  setInterval(() => {
    document.documentElement.classList.toggle("stale", Date.now() - last > STALE_MS);
  }, 1000);
}

// The one-time link carries its code behind the #, which no server and no log ever sees.
const entrance = document.querySelector("form[data-entrance]");
if (entrance !== null && location.hash.length > 1) {
  entrance.elements.code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  entrance.requestSubmit();
}

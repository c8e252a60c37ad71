"""What a real browser says of a video."""

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)"
)
PAGE = """<!doctype html><body><video muted></video>
<script>
const data = "DATA", video = document.querySelector("video");
const tell = (said) => fetch("/", { method: "POST", body: JSON.stringify(said) });
async function loudest() {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  try {
    const sound = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(bytes.buffer);
    return Math.max(...sound.getChannelData(0).slice(40000, 50000));
  } catch (error) { return 0; }
}
video.onerror = () => tell({ error: video.error.message });
video.onloadeddata = () => {
  video.onloadeddata = null;
  video.currentTime = 1.5;
  video.requestVideoFrameCallback(shown);
  // Where the frame was there before somebody asked for it, nobody is called: ask for another.
  asking = setInterval(() => { video.currentTime = 3.02 - video.currentTime; }, 1000);
};
let asking;
async function shown(now, { mediaTime }) {
  if (mediaTime < 1.4) return video.requestVideoFrameCallback(shown);
  clearInterval(asking);
  const pen = document.createElement("canvas").getContext("2d");
  pen.drawImage(video, 0, 0);
  const pixel = [...pen.getImageData(5, 5, 1, 1).data].slice(0, 3);
  const { videoWidth: width, videoHeight: height, duration: seconds } = video;
  tell({ width, height, seconds, pixel, loudest: await loudest() });
}
video.src = "data:video/mp4;base64," + data;
</script>"""


@dataclass
class Seen:
    """A video as the browser plays it."""

    width: int = 0
    height: int = 0
    seconds: float = 0.0
    pixel: tuple[int, ...] = ()
    """Red, green, blue near the upper left corner, 1.5 s after the beginning."""
    loudest: float = 0.0
    """The largest sample of its sound about one second after the beginning; 0 without sound."""
    error: str = ""


def play(path, folder):
    """Play a video in Chromium, whose profile is kept in a folder."""
    page = PAGE.replace("DATA", base64.b64encode(path.read_bytes()).decode()).encode()
    said: Queue[dict] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(page)

        def do_POST(self):
            said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(b"")

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    browser = subprocess.Popen(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={folder / 'profile'}", f"http://127.0.0.1:{server.server_port}/"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return Seen(**said.get(timeout=120))
    finally:
        browser.terminate()
        browser.wait()
        server.shutdown()
        server.server_close()

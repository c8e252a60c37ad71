"""The pages in a real browser, as narrow as a telephone."""

import re
import shutil
import subprocess

import pytest

from nekogao.pictures import images
from nekogao.reasons.subject import Subject
from nekogao.report.explanation import explain_pictures
from nekogao.report.run import build_report
from tests.reasons.networks import noise

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTH = 420
FRAMES = """<!doctype html><body>
{frames}
<script>
onload = () => {{
  for (const frame of document.querySelectorAll("iframe")) {{
    const page = frame.contentDocument.documentElement;
    const text = document.createElement("p");
    text.textContent = `${{frame.id}}: ${{page.scrollWidth}} wide, ${{page.scrollHeight}} high`;
    document.body.append(text);
  }}
}};
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)")
def test_pages_fit_a_telephone(finished, exemplars, tmp_path):
    long = "a-very-long-name-of-a-photograph_" * 4
    images.write(tmp_path / f"{long}.png", noise(0))
    pages = {}
    for name, run in (("network", finished), ("exemplars", exemplars)):
        shutil.copytree(run, tmp_path / name)
        pages[f"{name}-report"] = build_report(tmp_path / name)
        *_, pages[f"{name}-explain"] = explain_pictures(
            Subject.load(tmp_path / name), [tmp_path / f"{long}.png"], tmp_path / f"{name}-why"
        )
    frames = "".join(
        f'<iframe id="{name}" src="{path}" width="{WIDTH}" height="900"></iframe>'
        for name, path in pages.items()
    )
    (tmp_path / "frames.html").write_text(FRAMES.format(frames=frames))
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--dump-dom",
         (tmp_path / "frames.html").as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    sizes = re.findall(r"<p>(\S+): (\d+) wide, (\d+) high</p>", done.stdout)
    assert [name for name, _, _ in sizes] == list(pages), done.stderr[-500:]
    for name, wide, high in sizes:
        assert int(wide) <= WIDTH, f"{name} runs off to the side"
        assert int(high) > 900, f"{name} shows nothing"

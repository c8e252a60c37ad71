document.querySelectorAll("[data-film]").forEach((film) => {
  const frames = [...film.querySelectorAll("img[data-step]")];
  const slider = film.querySelector("input");
  if (!slider) return;
  slider.addEventListener("input", () => {
    frames.forEach((frame, i) => { frame.hidden = i !== Number(slider.value); });
    film.querySelector("output").textContent = frames[slider.value].dataset.step;
  });
});

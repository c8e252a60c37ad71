"""The legend: words that a newcomer meets on pages, cards and in messages, one sentence each."""

WORDS: dict[str, str] = {
    "domain": "One way of turning a target into the picture that goes in: gray, edges, or one "
    "that was imported.",
    "phase": "A stretch of training on one domain or on several; going on to the next one is a "
    "switch.",
    "probe": "The fixed pairs that are measured and drawn at every preview, in every domain, "
    "whatever the phase.",
    "skill": "How close outputs come to their targets: 1 for exact copies, 0 for nothing better "
    "than the mean face, negative for worse.",
    "identity": "The share of outputs that resemble their own target more than any other face.",
    "settle": "To feed an output back in as the next picture until it no longer changes; an "
    "encoder-decoder then shows one face that it remembers.",
}
"""Word -> what it means."""

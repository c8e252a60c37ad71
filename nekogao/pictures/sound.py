"""Sound: that of one video, given to another, by PyAV."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from heapq import merge
from pathlib import Path

import av
from av import AudioFrame, AudioStream, Packet
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from nekogao.errors import reason
from nekogao.pictures import h264

_COPIED = frozenset({"aac", "mp3", "mp3float", "opus", "libopus", "flac"})
"""Decoders of the codecs that browsers play in mp4. Other sound becomes AAC."""
_RATE = 48_000
"""Samples per second of AAC, which does not take every rate."""


class SoundError(Exception):
    """The sound of a video cannot be read, or not be written."""


def add(path: Path, source: Path) -> None:
    """Give a silent mp4 file the sound of another video, in time with its pictures.

    Where the other has several soundtracks, FFmpeg's choice is taken; where it has none, nothing
    happens.

    Raises SoundError where any of the sound is damaged; the file is then as it was.
    """
    whole = path.with_name(f"{path.name}.sound")
    try:
        if _joined(path, source, whole):
            whole.replace(path)
    except (av.FFmpegError, ValueError, OSError) as error:
        raise SoundError(getattr(error, "strerror", None) or reason(error)) from None
    finally:
        whole.unlink(missing_ok=True)


def _joined(silent: Path, source: Path, whole: Path) -> bool:
    """Write pictures and sound to a new file; return whether there was any sound."""
    with ExitStack() as stack:
        # FFmpeg takes what stands before a colon for a protocol, and a name may be no text.
        file = stack.enter_context(source.open("rb"))
        heard = stack.enter_context(closing(av.open(file, "r", metadata_errors="ignore")))
        track = heard.streams.best("audio")
        if not isinstance(track, AudioStream):
            return False
        shown = stack.enter_context(closing(av.open(str(silent.absolute()), "r")))
        out = stack.enter_context(
            av.open(str(whole.absolute()), "w", format="mp4", options=h264.CONTAINER)
        )
        sound = _shifted(_sound(heard, track, out), _beginning(heard))
        has_sound = False
        for packet in merge(_pictures(shown, out), sound, key=_time):
            has_sound = has_sound or packet.stream.type == "audio"
            out.mux(packet)
        return has_sound


def _pictures(shown: InputContainer, out: OutputContainer) -> Iterator[Packet]:
    stream = shown.streams.video[0]
    return _copied(shown.demux(stream), out.add_stream_from_template(stream))


def _sound(heard: InputContainer, track: AudioStream, out: OutputContainer) -> Iterator[Packet]:
    if track.codec_context is None:
        raise ValueError("unknown codec")
    if track.codec_context.name in _COPIED:
        packets = _decodable(heard.demux(track))
        return _copied(packets, out.add_stream_from_template(track))
    layout = "mono" if track.codec_context.channels == 1 else "stereo"
    return _encoded(heard.decode(track), out.add_stream("aac", _RATE, layout=layout))


def _copied(packets: Iterator[Packet], into: Stream) -> Iterator[Packet]:
    for packet in packets:
        if packet.size:  # the last one has none, and only ends the decoding
            packet.stream = into
            yield packet


def _decodable(packets: Iterator[Packet]) -> Iterator[Packet]:
    """The packets as they are. Raises FFmpegError at a damaged one, at which browsers stop."""
    for packet in packets:
        packet.decode()
        yield packet


def _encoded(frames: Iterator[AudioFrame], stream: AudioStream) -> Iterator[Packet]:
    for frame in frames:
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _beginning(video: InputContainer) -> float:
    """When the first picture is shown, in seconds."""
    stream = video.streams.best("video")
    if stream is None or stream.start_time is None or stream.time_base is None:
        return 0.0
    return stream.start_time * float(stream.time_base)


def _shifted(packets: Iterator[Packet], beginning: float) -> Iterator[Packet]:
    """The packets counted from this moment, in seconds, on."""
    for packet in packets:
        ticks = round(beginning / float(packet.time_base))
        packet.pts = None if packet.pts is None else packet.pts - ticks
        packet.dts = None if packet.dts is None else packet.dts - ticks
        yield packet


def _time(packet: Packet) -> float:
    """When a packet is due, in seconds."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return (ticks or 0) * float(packet.time_base)

"""What the timeline says in words: of its tracks, marks and cues, of what is dragged, and to a screen reader. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from annotator_gui.draft import Draft
from annotator_gui.dragging import CueDrag, MarkDrag
from annotator_gui.keys import Command, KeyMap
from annotator_gui.lanes import Track, differing, frames_of
from annotator_gui.language import Words
from annotator_gui.marks import Mark, mark_names, total_ms
from annotator_gui.material import Material
from annotator_gui.timeaxis import ms_of
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame, FrameClock


def track_names(words: Words) -> Mapping[Track, str]:
    """What stands beside each track; readings have their letters instead."""
    return {
        Track.RULER: words("time, frame"),
        Track.WAVE: words("sound"),
        Track.SPECTRUM: words("spectrum"),
        Track.PITCH: words("pitch"),
        Track.MOTION: words("motion"),
        Track.MARKS: words("events"),
        Track.CUES: words("cues"),
    }


def no_sound(material: Material, words: Words) -> str:
    """Why there is no sound to show."""
    if material.ticket is not None and material.ticket.sound is None:
        return words("nothing to hear: this pass hides the sound, or the clip has none")
    return words("this clip has no sound") if material.opened else words("the sound is being opened")


def no_events(material: Material, draft: Draft, words: Words, keys: KeyMap) -> str:
    """Why no event is shown, and how one comes about."""
    if draft.nothing:
        return words("nothing happens in this clip")
    if material.ticket is not None and material.ticket.stage is Stage.VERIFICATION:
        return words("events are not marked here: accept them, or send them back")
    marks = (Command.MARK_ONSET, Command.MARK_APEX, Command.MARK_OFFSET)
    onset, apex, offset = (keys.shown(command) for command in marks)
    return words(
        "no event is marked yet: {onset}, {apex} and {offset} set onset, apex and offset",
        onset=onset,
        apex=apex,
        offset=offset,
    )


def durations(draft: Draft, clock: FrameClock, words: Words) -> list[str]:
    """How long each event lasts; empty where a mark is missing."""
    spans = [event.marks.span for event in draft.events]
    return ["" if span is None else words("{ms} ms", ms=total_ms(span, clock)) for span in spans]


def cue_names(material: Material, draft: Draft, words: Words) -> Mapping[tuple[int, int], str]:
    """What each vocal cue is and whose, by place of its event and its own."""
    labels: dict[str, str] = {}
    if material.ticket is not None:
        book = material.ticket.codebook
        labels = {entry.code: words.label(entry) for entry in (*book.cue_owners, *book.vocal_cues)}
    return {
        (number, place): f"{labels.get(cue.code, cue.code)} · {labels.get(cue.owner, cue.owner)}"
        for number, event in enumerate(draft.events)
        for place, cue in enumerate(event.vocal_cues)
    }


def marks_at(marks: Sequence[Mark], frame: Frame, clock: FrameClock, words: Words) -> str:
    """Marks that lie on one frame, with the frame and its time."""
    names = mark_names(words)
    name = words(", ").join(names[mark] for mark in marks)
    return words("{name}: frame {frame}, {ms} ms", name=name, frame=frame, ms=ms_of(frame, clock))


def on_its_way(drag: MarkDrag | CueDrag, clock: FrameClock, words: Words) -> str:
    """Where what is dragged is, and why it goes no further."""
    if isinstance(drag, CueDrag):
        said = words("frames {first} to {last}", first=drag.first, last=drag.last)
        return f"{said} – {drag.why}" if drag.why else said
    said = marks_at([drag.mark], drag.frame, clock, words)
    if drag.why and drag.stopped_by is not None:
        return words("{said} – the {other} is there", said=said, other=mark_names(words)[drag.stopped_by])
    return said


def described(material: Material, draft: Draft, words: Words, keys: KeyMap) -> str:
    """For screen readers: what is marked, in frames and milliseconds."""
    clock = material.clock
    if clock is None:
        return words("no clip on the desk")
    nothing_marked = all(event.marks.missing == tuple(Mark) for event in draft.events)
    said = [no_events(material, draft, words, keys)] if nothing_marked else []
    said += _events(draft, clock, words)
    if material.heard:
        cues = [cue for event in draft.events for cue in event.vocal_cues]
        for name, cue in zip(cue_names(material, draft, words).values(), cues, strict=True):
            said.append(words("{name}: frames {first} to {last}", name=name, first=cue.onset, last=cue.offset))
    else:
        said.append(no_sound(material, words))
    said += _readings(material, words)
    return ". ".join(said)


def _events(draft: Draft, clock: FrameClock, words: Words) -> Iterator[str]:
    for number, (event, lasts) in enumerate(zip(draft.events, durations(draft, clock, words), strict=True)):
        marks = [marks_at([mark], frame, clock, words) for mark in Mark if (frame := event.marks.at(mark)) is not None]
        head = (
            words("event {number} of {all}, selected", number=number + 1, all=len(draft.events))
            if number == draft.selected
            else words("event {number} of {all}", number=number + 1, all=len(draft.events))
        )
        yield "; ".join([head, *marks, *([words("lasts {time}", time=lasts)] if lasts else [])])


def _readings(material: Material, words: Words) -> Iterator[str]:
    names = mark_names(words)
    apart = differing([spans for _, spans in material.readings], tolerance_frames=material.tolerance_frames)
    for (letter, spans), differs in zip(material.readings, apart, strict=True):
        for span, lit in zip(spans, differs, strict=True):
            marks = [
                words("{name} at frame {frame} differs", name=names[mark], frame=frame)
                if mark in lit
                else words("{name} at frame {frame}", name=names[mark], frame=frame)
                for mark, frame in frames_of(span).items()
            ]
            yield f"{letter}: {'; '.join(marks)}"
        if not spans:
            yield f"{letter}: {words('no event')}"

"""A tiny valid release folder: SIMULATED, sealed, quick to write. Classes show in the features as told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import yaml

from mmed_curate.agreement.document import report_document
from mmed_curate.agreement.report import AgreementReport, agreement_report
from mmed_curate.agreement.settings import AgreementSettings, load_settings
from mmed_curate.dataset.answers import judgement_row
from mmed_curate.dataset.attempts import attempts_document
from mmed_curate.dataset.changes import CHANGELOG, CHANGES, Entry, Known, changelog_text, changes_document, changes_of
from mmed_curate.dataset.facts import RELEASE, Counts, ReleaseFacts, facts_text
from mmed_curate.dataset.manifest import Manifest, files_under, seal
from mmed_curate.dataset.rederivation import judged_clips
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, csv_text, durations_text
from mmed_curate.dataset.selection import media_bytes
from mmed_curate.dataset.tombstones import TOMBSTONES, Tombstones, tombstones_document
from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.files import readable_json
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId, SubjectId
from mmed_curate.domain.judgements import (
    CodedEvent,
    Coding,
    Judgement,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import Stage, load_protocol
from mmed_curate.domain.records import Term
from mmed_curate.domain.time import Frame, Span
from mmed_curate.domain.yamlfile import Declared
from mmed_curate.gate.attempts import Attempt, Counting, method_digest
from mmed_curate.gate.decide import decide
from mmed_curate.gate.document import decision_document
from mmed_curate.gate.evidence import ClipFacts, Evidence
from mmed_curate.gate.policy import Policy, Rare, load_policy

N_FRAMES = 24
RATE_HZ = 30
SOUND_RATE_HZ = 16_000
SPAN = Span(onset=Frame(6), apex=Frame(10), offset=Frame(15))
"""Where every event lies in its clip."""


_SETTLED_BY = tuple(
    f"{name}:{'median' if name in {'onset', 'apex', 'offset'} else 'majority'}"
    for name in ("action_units", "apex", "basis", "emotion", "event_type", "offset", "onset", "vocal_cues")
)
"""How it comes to stand where two coders say the same."""


def a_release(
    folder: Path,
    *,
    n_subjects: int = 3,
    clips_per_subject: int = 4,
    in_picture: float = 1.0,
    in_sound: float = 1.0,
    silent_subjects: Sequence[int] = (),
    voiceless_subjects: Sequence[int] = (),
    faceless_subjects: Sequence[int] = (),
    shown_subjects: Sequence[int] = (),
    media: bool = False,
    seed: int = 0,
) -> Path:
    """Write a release and return its folder. Emotions of the codebook's classes take turns within each subject.

    Args:
        folder: where it goes; must not exist yet.
        in_picture, in_sound: how much of the class shows in flow and in log-mel; 0: nothing but noise of size 1.
        silent_subjects: whose recordings have no sound (by position).
        voiceless_subjects: who did not consent to publication of the voice.
        faceless_subjects: who did not consent to publication of the face.
        shown_subjects: who agreed to be shown publicly.
        media: also write picture.mp4 and sound.wav (needs PyAV); without, they read as withheld.
        seed: of the noise.
    """
    codebook = load_codebook("mmed")
    folder.mkdir(parents=True)
    emotions = _one_emotion_per_class(codebook)
    clips: list[ClipRow] = []
    judged: list[JudgedClipRow] = []
    judgements: list[JudgementRow] = []
    for subject in range(n_subjects):
        for take in range(clips_per_subject):
            emotion = emotions[(take + subject) % len(emotions)]
            emotion_class = codebook.class_of(emotion)
            assert emotion_class is not None
            name = f"c-{subject:06x}{take:06x}"
            files = _write_clip(
                folder / "media" / name,
                codebook.class_codes.index(emotion_class),
                np.random.default_rng([seed, subject, take]),
                in_picture=in_picture,
                in_sound=in_sound,
                features=subject not in faceless_subjects,
                picture=media and subject not in faceless_subjects,
                sound=media and subject not in silent_subjects and subject not in voiceless_subjects,
                sound_features=subject not in silent_subjects and subject not in voiceless_subjects,
            )
            withheld = [Term.PUBLISH_FACE.value] if subject in faceless_subjects or not media else []
            if subject not in silent_subjects and (subject in voiceless_subjects or not media):
                withheld.append(Term.PUBLISH_VOICE.value)
            event = CodedEvent(
                span=SPAN,
                event_type=next(entry.code for entry in codebook.event_types if entry.is_micro),
                emotion=emotion,
                basis=codebook.bases[0].code,
            )
            clips.append(
                _clip_row(
                    name, f"S-{subject:08x}", event, emotion_class, files, tuple(withheld), subject in shown_subjects
                )
            )
            judged.append(
                JudgedClipRow(
                    clip=name,
                    subject=f"S-{subject:08x}",
                    session="G-00000000",
                    simulated=True,
                    stage="settled",
                    n_events=1,
                    n_frames=N_FRAMES,
                    time_base=str(Fraction(1, RATE_HZ)),
                    durations=durations_text([1] * N_FRAMES),
                    coded_after=("0",),
                    measured_in=("1:1",),
                )
            )
            judgements.extend(_judgement_rows(name, f"S-{subject:08x}", event, codebook))
    facts = ReleaseFacts(
        notice="SIMULATED: written by a test's builder.",
        name="test",
        version="0.1.0",
        simulated=True,
        draft=False,
        released_on=date(2026, 1, 2),
        toolkit="0",
        protocol="mmed",
        codebook=codebook.name,
        codebook_version=codebook.version,
        judgements_digest="",
        counts=Counts(
            clips=len(clips),
            judged_clips=len(judged),
            judgements=len(judgements),
            subjects=n_subjects,
            sessions=1,
            coders=4,
        ),
        media_bytes=media_bytes(folder, files_under(folder)),
    )
    _write_tables(folder, facts, clips, judged, judgements)
    seal(folder, derived=lambda path: path.startswith("benchmark/"))
    return folder


def reseal(folder: Path) -> None:
    """Seal again, after a test has changed the folder on purpose."""
    (folder / "manifest-sha256.txt").unlink()
    seal(folder, derived=lambda path: path.startswith("benchmark/"))


def lenient_policy() -> Policy:
    """A policy that any release of this builder passes: every bound is the least there is, every class too rare."""
    policy = load_policy("simulation")
    least = {"min_units": 1, "min_subjects": 2, "min_coders": 2, "measure": "emotion.percent"}
    rule = policy.measures[0].model_copy(update={"measure": "emotion.percent", "at_least": 0.0})
    return policy.model_copy(
        update={
            "agreement": lenient_settings().values(),
            "sample": policy.sample.model_copy(update=least),
            "measures": (type(rule).model_validate({**rule.model_dump(), "held": "value"}, strict=False),),
            "classes": tuple(
                one.model_copy(update={"min_positives": 1000, "rare": Rare.MARKED}) for one in policy.classes
            ),
        }
    )


def lenient_settings() -> AgreementSettings:
    """Agreement settings under which one unit is enough."""
    few = {"resamples": 100, "min_units": 1, "min_positives": 1}
    return load_settings("mmed").model_copy(update=few)


def _write_tables(
    folder: Path,
    facts: ReleaseFacts,
    clips: Sequence[ClipRow],
    judged: Sequence[JudgedClipRow],
    judgements: Sequence[JudgementRow],
) -> None:
    codebook, protocol, policy = load_codebook("mmed"), load_protocol("mmed"), lenient_policy()
    dataset = Dataset(
        root=folder,
        release=facts,
        manifest=Manifest(files=()),
        clips=clips,
        judgements=judgements,
        judged_clips=judged,
    )
    report = agreement_report(judged_clips(dataset), protocol, codebook, lenient_settings())
    evidence = _evidence(report, judged, judgements)
    attempt = Attempt(
        number=1,
        day=date(2026, 1, 2),
        policy=policy.name,
        policy_digest=policy.digest(),
        judgements_digest=report.judgements_digest,
        measured={ClipId(row.clip): 1 for row in judged},
        failed=(),
        held=frozenset(),
        method_digest=method_digest(version=report.version, protocol=protocol, codebook=codebook),
    )
    entry = Entry(
        release=facts.version,
        released_on=facts.released_on,
        draft=False,
        clips=len(clips),
        tombstones=0,
        known=Known.FIRST,
        since=None,
        since_id=None,
        tally=None,
    )
    changes = changes_of(facts.name, entry, (), None)
    tombstones = Tombstones(name=facts.name, release=facts.version, hashes=frozenset())
    texts = {
        "attempts.json": readable_json(attempts_document([attempt], {ClipId(row.clip): row.clip for row in judged})),
        RELEASE: facts_text(replace(facts, judgements_digest=report.judgements_digest)),
        "README.md": "# SIMULATED test release\n",
        CHANGES: readable_json(changes_document(changes)),
        CHANGELOG: changelog_text(changes, notice=facts.notice),
        TOMBSTONES: readable_json(tombstones_document(tombstones)),
        "clips.csv": csv_text(ClipRow, clips),
        "judged-clips.csv": csv_text(JudgedClipRow, judged),
        "judgements.csv": csv_text(JudgementRow, judgements),
        "codebook.yaml": _yaml(codebook),
        "protocol.yaml": _yaml(protocol),
        "policy.yaml": _yaml(policy),
        "agreement.json": readable_json(report_document(report)),
        "gate.json": readable_json(decision_document(decide(report, evidence, policy), evidence, policy)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _evidence(report: AgreementReport, judged: Sequence[JudgedClipRow], judgements: Sequence[JudgementRow]) -> Evidence:
    def who(clip: str, stage: str) -> frozenset[CoderId]:
        return frozenset(CoderId(row.coder) for row in judgements if (row.clip, row.stage) == (clip, stage))

    facts = [
        ClipFacts(
            clip=ClipId(row.clip),
            subject=SubjectId(row.subject),
            subject_code=row.subject,
            stage=Stage(row.stage),
            n_events=row.n_events,
            coded_by=who(row.clip, "coding"),
            adjudicated_by=who(row.clip, "adjudication"),
            verified_by=next(iter(who(row.clip, "verification"))),
            terms=frozenset(Term),
            faults=(),
            simulated=row.simulated,
        )
        for row in judged
    ]
    clips = frozenset(one.clip for one in facts)
    return Evidence(
        on=date(2026, 1, 2),
        judgements_digest=report.judgements_digest,
        clips=tuple(facts),
        counting=Counting(clips=clips, n_coded=len(clips)),
    )


def _yaml(declared: Declared) -> str:
    return yaml.safe_dump(declared.model_dump(mode="json"), sort_keys=False)


def _one_emotion_per_class(codebook: Codebook) -> list[str]:
    return [
        next(entry.code for entry in codebook.emotions if entry.emotion_class == one.code) for one in codebook.classes
    ]


def _clip_row(
    name: str,
    subject: str,
    event: CodedEvent,
    emotion_class: str,
    files: dict[str, str | None],
    withheld: tuple[str, ...],
    may_be_shown: bool,
) -> ClipRow:
    return ClipRow(
        clip=name,
        judged_clip=name,
        subject=subject,
        session="G-00000000",
        simulated=True,
        onset=SPAN.onset,
        apex=SPAN.apex,
        offset=SPAN.offset,
        onset_s=SPAN.onset / RATE_HZ,
        apex_s=SPAN.apex / RATE_HZ,
        offset_s=(SPAN.offset + 1) / RATE_HZ,
        n_frames=N_FRAMES,
        rate_hz=float(RATE_HZ),
        event_type=event.event_type,
        emotion=event.emotion,
        emotion_class=emotion_class,
        basis=event.basis,
        action_units=(),
        vocal_cues=(),
        n_coders=2,
        settled_by=_SETTLED_BY,
        judged_shift=0,
        picture=files["picture"],
        sound=files["sound"],
        features=files["features"],
        sound_features=files["sound_features"],
        withheld=withheld,
        may_be_shown=may_be_shown,
    )


def _judgement_rows(clip: str, subject: str, event: CodedEvent, codebook: Codebook) -> list[JudgementRow]:
    answers = [
        ("C-00000003", Screening(verdict=ScreeningVerdict.ACCEPT)),
        ("C-00000000", Coding(events=(event,))),
        ("C-00000001", Coding(events=(event,))),
        ("C-00000002", Verification(verdict=VerificationVerdict.ACCEPT)),
    ]
    return [
        judgement_row(
            Judgement(
                id=JudgementId(f"j-{clip[2:]}{order}"),
                clip=ClipId(clip),
                coder=CoderId(coder),
                answer=answer,
                codebook_version=codebook.version,
                order=order,
                simulated=True,
            ),
            name=f"j-{clip[2:]}{order}",
            clip=clip,
            subject=subject,
            coder=coder,
            order=order,
            supersedes=None,
            superseded=False,
        )
        for order, (coder, answer) in enumerate(answers, start=1)
    ]


def _write_clip(
    folder: Path,
    kind: int,
    noise: np.random.Generator,
    *,
    in_picture: float,
    in_sound: float,
    features: bool,
    picture: bool,
    sound: bool,
    sound_features: bool,
) -> dict[str, str | None]:
    folder.mkdir(parents=True)
    prefix = f"media/{folder.name}"
    flow = noise.normal(size=(3, 48, 48)).astype(np.float32)
    flow[:, 16 * kind : 16 * (kind + 1), 12:36] += np.float32(2.0 * in_picture)  # each class moves another third
    times = np.arange(N_FRAMES)
    motion = np.exp(-(((times - SPAN.apex) / 3.0) ** 2)).astype(np.float32)
    head = {"format": np.array("mmed-features"), "version": np.array(1)}
    if features:
        np.savez(folder / "features.npz", **head, flow=flow, motion=motion)  # type: ignore[arg-type]
    if sound_features:
        n = 80
        log_mel = noise.normal(size=(64, n)).astype(np.float32)
        log_mel[20 * kind : 20 * (kind + 1), 20:53] += np.float32(2.0 * in_sound)  # each class fills another band
        np.savez(
            folder / "sound-features.npz",
            format=np.array("mmed-sound-features"),
            version=np.array(1),
            log_mel=log_mel,
            intensity_db=log_mel.mean(axis=0),
            hop_s=np.array(0.010),
            window_s=np.array(0.025),
            rate_hz=np.array(SOUND_RATE_HZ),
            onset_s=np.array(SPAN.onset / RATE_HZ),
            apex_s=np.array(SPAN.apex / RATE_HZ),
            offset_s=np.array((SPAN.offset + 1) / RATE_HZ),
        )
    if picture:
        _write_picture(folder / "picture.mp4")
    if sound:
        _write_sound(folder / "sound.wav")
    return {
        "picture": f"{prefix}/picture.mp4" if picture else None,
        "sound": f"{prefix}/sound.wav" if sound else None,
        "features": f"{prefix}/features.npz" if features else None,
        "sound_features": f"{prefix}/sound-features.npz" if sound_features else None,
    }


def _write_picture(path: Path) -> None:
    from mmed_curate.media.write import RecordingWriter

    with RecordingWriter(path, width=64, height=48, time_base=Fraction(1, RATE_HZ)) as recording:
        for frame in range(N_FRAMES):
            recording.picture(np.full((48, 64, 3), 5 * frame, dtype=np.uint8), frame)


def _write_sound(path: Path) -> None:
    from mmed_curate.media.sound import Sound, write_wav

    times = np.arange(N_FRAMES * SOUND_RATE_HZ // RATE_HZ) / SOUND_RATE_HZ
    tone = (0.25 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)
    write_wav(path, Sound(samples=tone[:, None], rate_hz=SOUND_RATE_HZ, start=Fraction(0)))
